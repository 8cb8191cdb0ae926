"""What is wrong with a WAN job, found before it costs anything."""

from ..failures import EngineFailure
from ..jobs import RenderJob
from ..pictures import require_pictures
from .schedulers import SCHEDULERS

#: The VAE makes one latent of 8 × 8 pixels, the transformer one token of 2 × 2 latents.
SIZE_STEP = 16
#: The VAE makes one latent of the first frame, and one of every four after it.
FRAME_STEP = 4

#: Roles of the references that each mode has, in this order; `single` may have several.
ROLES = {"none": (), "single": ("single",), "start": ("start",), "end": ("end",), "both": ("start", "end")}


def check_job(job: RenderJob) -> None:
    """Raises `invalid_input`."""
    if job.images != 1:
        raise _invalid("WAN draws one image or video per job")
    if job.frames < 1 or job.frames % FRAME_STEP != 1:
        raise _invalid("frames must be 4n + 1")
    if min(job.width, job.height) < SIZE_STEP or job.width % SIZE_STEP or job.height % SIZE_STEP:
        raise _invalid(f"width and height must be multiples of {SIZE_STEP}")
    if job.solver not in SCHEDULERS:
        raise _invalid(f"solver must be one of {', '.join(SCHEDULERS)}")
    if job.reference_mode not in ROLES:
        raise _invalid(f"referenceMode must be one of {', '.join(ROLES)}")
    _check_references(job)


def _check_references(job: RenderJob) -> None:
    given = tuple(sorted({reference.role for reference in job.references}, reverse=True))
    if given != ROLES[job.reference_mode] or (
        job.reference_mode != "single" and len(job.references) != len(given)
    ):
        raise _invalid(f"the references do not fit the mode {job.reference_mode}")
    if job.references and job.reference_strength is None:
        raise _invalid("a reference needs a strength")
    if job.frames == 1 and job.reference_mode not in ("none", "single"):
        # The one frame would be kept as it is.
        raise _invalid("an image has no start and no end: its references are single")
    require_pictures(job)


def _invalid(message: str) -> EngineFailure:
    return EngineFailure("invalid_input", message)
