"""The five reference modes, as VACE takes them."""

from typing import Any

from PIL import Image

from ..jobs import RenderJob
from ..pictures import read_picture

#: "Nothing is known of this frame": mid grey, which the model was trained with.
UNKNOWN = (128, 128, 128)
KEEP, MAKE = 0, 255
#: A reference of no strength would still be looked at a little; the full strength is the model's own 1.
WEAKEST_SCALE = 0.3


def conditioning_scale(strength: float) -> float:
    return WEAKEST_SCALE + (1 - WEAKEST_SCALE) * strength


def conditions(job: RenderJob) -> dict[str, Any]:
    """Arguments of the VACE pipeline that hold the job's references; the frames have exactly the job's size already."""
    pictures = {reference.role: read_picture(reference) for reference in job.references}
    if job.reference_mode == "single":
        return {"reference_images": [read_picture(reference) for reference in job.references]}
    size = (job.width, job.height)
    video = [Image.new("RGB", size, UNKNOWN)] * job.frames
    mask = [Image.new("L", size, MAKE)] * job.frames
    for role, place in (("start", 0), ("end", -1)):
        if role in pictures:
            video[place], mask[place] = pictures[role], Image.new("L", size, KEEP)
    return {"video": video, "mask": mask}
