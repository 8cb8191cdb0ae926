"""The command line of the official program, argument for argument as the earlier system wrote it, and what that forgot."""

import html
import unicodedata
from pathlib import Path

from ftfy import fix_text

from ..failures import EngineFailure
from ..jobs import RenderJob
from .prompt_guard import words_of

#: All that it knows; it ends with exit code 2 for any other.
SOLVERS = ("unipc", "dpm++")
SIZES = ("480*832", "832*480")
#: One argument of a process may be 128 KiB long.
LONGEST_PROMPT_BYTES = 100_000


def check_arguments(job: RenderJob) -> None:
    """Raises `invalid_input` for what the program would refuse, or silently change."""
    if job.solver not in SOLVERS:
        raise EngineFailure(
            "invalid_input", f"the WAN program knows the solvers {' and '.join(SOLVERS)} only"
        )
    if size(job) not in SIZES:
        raise EngineFailure("invalid_input", f"the WAN program makes {' and '.join(SIZES)} only")
    if job.frames % 4 != 1:
        raise EngineFailure(
            "invalid_input", "the WAN program makes 4n+1 frames, and of others silently fewer"
        )
    if job.images != 1:
        raise EngineFailure("invalid_input", "the WAN program makes one picture or video a run")
    if len(as_argument(job.prompt).encode()) > LONGEST_PROMPT_BYTES:
        raise EngineFailure("invalid_input", "the prompt is too long for a command line")
    given = as_argument(job.prompt)
    if words_of(folded(as_read(given))) != words_of(folded(given)):
        raise EngineFailure("invalid_input", "the WAN program would read other words than were checked")


def arguments(
    job: RenderJob, task: str, checkpoint: Path, sources: list[str], save_file: Path, low_memory: bool
) -> list[str]:
    return [
        *["--task", task],
        *["--ckpt_dir", str(checkpoint)],
        *["--offload_model", "True"],
        *["--size", size(job)],
        *["--sample_steps", str(job.steps)],
        *["--sample_guide_scale", str(job.guidance)],
        *["--sample_solver", job.solver],
        *["--sample_shift", str(job.shift)],
        *["--frame_num", str(job.frames)],
        # One argument: a prompt that begins with a dash is no option.
        f"--prompt={as_argument(job.prompt)}",
        *["--save_file", str(save_file)],
        *["--base_seed", str(job.seed)],
        *sources,
        # A switch: a value after it would be refused. The text encoder is 11 GB of the 17.6 that it takes otherwise.
        *(["--t5_cpu"] if low_memory else []),
    ]


def size(job: RenderJob) -> str:
    return f"{job.width}*{job.height}"


def as_argument(text: str) -> str:
    """What a process can be given: no NUL, no half of a surrogate pair."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def as_read(text: str) -> str:
    """What the program makes of a prompt: it mends what looks like a wrong encoding, and reads HTML entities."""
    return html.unescape(html.unescape(fix_text(text)))


def folded(text: str) -> str:
    """Without the differences of typography that the content policy does not see either."""
    return unicodedata.normalize("NFKC", text).replace("\u02bc", "'")
