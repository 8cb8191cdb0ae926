"""WAN by its own `wan_generate.py`: a process per job, which cannot yield and takes one turn for all of it."""

import logging
import shutil
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch

from ..failures import LONGEST_TRACE, EngineFailure
from ..fetching import missing, missing_from
from ..gates import gate
from ..jobs import RenderJob
from ..options import Options
from ..pictures import require_pictures
from ..renderer import Rendered, Work
from ..wan_program.arguments import arguments, as_argument, check_arguments
from ..wan_program.child import run_child
from ..wan_program.folders import job_folder, remove_forgotten_folders
from ..wan_program.output import ProgramOutput
from ..wan_program.produced import read_produced
from ..wan_program.sources import write_sources

log = logging.getLogger(__name__)

MODEL = "wan_command"
#: By task of the program: its folder of weights, in their original format, and where they come from.
CHECKPOINTS = {
    "t2v-1.3B": ("wan2.1-t2v-1.3b", "Wan-AI/Wan2.1-T2V-1.3B"),
    "vace-1.3B": ("wan2.1-vace-1.3b", "Wan-AI/Wan2.1-VACE-1.3B"),
}


class WanCommand:
    #: A name for what is in no memory of ours: the program loads all of its models for every job.
    models = (MODEL,)

    def __init__(self, options: Options) -> None:
        assert options.wan_command is not None
        self._program = options.wan_command.absolute()
        self._python = options.wan_command_python
        self._models_dir = options.models_dir.absolute()
        self._ffmpeg = options.ffmpeg
        self._loaded: set[str] = set()
        remove_forgotten_folders()

    def models_of(self, job: RenderJob) -> list[str]:
        return [MODEL]

    def check(self, job: RenderJob) -> None:
        check_arguments(job)
        require_pictures(job)
        if not self._program.is_file():
            raise EngineFailure("model_missing", f"there is no WAN program at {self._program}")
        if shutil.which(self._python) is None:
            raise EngineFailure(
                "model_missing", f"there is no Python at {self._python} to run the WAN program with"
            )
        if not self._checkpoint(task_of(job)).is_dir():
            raise self._missing(task_of(job))

    def load(self, model: str) -> None:
        self._loaded.add(model)

    def unload(self, model: str) -> None:
        self._loaded.discard(model)

    def loaded(self) -> list[str]:
        return sorted(self._loaded)

    def compute(self, job: RenderJob, work: Work) -> Rendered:
        gate("wan.command")
        work.measured = False
        if torch.cuda.is_initialized():
            # What our allocator only keeps for later is not free for another process.
            torch.cuda.empty_cache()
        work.phase("loading", 0, job.steps)
        with ExitStack() as files:
            folder = files.enter_context(job_folder())
            sources = write_sources(job, folder, self._ffmpeg, work.cancel.is_set) if job.references else []
            saved = folder / ("picture.png" if job.frames == 1 else "video.mp4")
            output = self._run(job, work, sources, saved)
            kept = files.pop_all()

        def pictures() -> list[np.ndarray]:
            with kept:
                try:
                    return read_produced(saved, job, self._ffmpeg, work.cancel.is_set)
                except EngineFailure:
                    tell_last_lines(output)
                    raise

        return Rendered(pictures, "vace" if job.references else None)

    def _run(self, job: RenderJob, work: Work, sources: list[str], saved: Path) -> ProgramOutput:
        task = task_of(job)
        checkpoint = self._checkpoint(task)
        output = ProgramOutput(as_argument(job.prompt), job.steps, str(checkpoint))

        def tell() -> None:
            if output.step == 0:
                work.check()
            else:
                work.phase("rendering" if output.step < job.steps else "decoding", output.step, job.steps)

        command = arguments(job, task, checkpoint, sources, saved, work.low_memory)
        code = run_child(
            [self._python, str(self._program), *command], self._program.parent, output.feed, tell
        )
        output.finish()
        if output.disk_full:
            raise EngineFailure("disk_full", "no space was left for the WAN program's file")
        if code != 0:
            tell_last_lines(output)
            raise self._failure(code, output, task, work.low_memory)
        return output

    def _failure(self, code: int, output: ProgramOutput, task: str, low_memory: bool) -> Exception:
        if output.out_of_memory:
            if not low_memory:
                # As torch tells us of our own: the lane tries once more.
                return torch.OutOfMemoryError("the WAN program ran out of memory")
            return EngineFailure(
                "oom", "the WAN program ran out of memory, also with its text encoder on the CPU"
            )
        if output.checkpoint_missing:
            return self._missing(task)
        if code == 2:
            return EngineFailure("invalid_input", f"the WAN program refused its arguments: {output.reason()}")
        how = f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        return EngineFailure("internal", f"the WAN program {how}: {output.reason()}")

    def _checkpoint(self, task: str) -> Path:
        return self._models_dir / CHECKPOINTS[task][0]

    def _missing(self, task: str) -> EngineFailure:
        folder, repository = self._checkpoint(task), CHECKPOINTS[task][1]
        what = f"the weights for {task} are not whole in {folder}"
        # Of a reference that cannot be honoured, it is told at once what to do.
        return missing_from(repository, folder, what) if task.startswith("vace") else missing(what)


def task_of(job: RenderJob) -> str:
    """Text to video silently ignores every reference, whatever its help says."""
    return "vace-1.3B" if job.references else "t2v-1.3B"


def tell_last_lines(output: ProgramOutput) -> None:
    """For the operator: why a save failed is only said there."""
    log.warning("the WAN program's last lines:\n%s", "\n".join(output.tail())[-LONGEST_TRACE:])
