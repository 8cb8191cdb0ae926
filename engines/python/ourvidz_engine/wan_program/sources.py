"""What the official VACE arguments name: a video and a mask in which the given frames stand, or a guiding picture.

Frames go into MP4 as lossless RGB H.264. In Matroska, whose times are whole milliseconds, the program's reader (decord)
takes frames for others; with YUV it does not see the reference's own colours.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..artifacts import encode_video
from ..failures import EngineFailure
from ..jobs import RenderJob
from ..pictures import read_picture

LOSSLESS = ["-c:v", "libx264rgb", "-qp", "0", "-preset", "veryfast", "-bf", "0"]
FPS = 16
GREY, KEEP, DRAW = 128, 0, 255


def is_guide(job: RenderJob) -> bool:
    """A start frame of a picture would be the picture itself: its one frame would be kept as it is."""
    return job.frames == 1 or all(reference.role == "single" for reference in job.references)


def write_sources(job: RenderJob, folder: Path, ffmpeg: str, cancelled: Callable[[], bool]) -> list[str]:
    """Makes the files in the folder and gives the arguments. Their names hold no comma, which parts pictures."""
    if is_guide(job):
        guides = [folder / f"reference-{index}.png" for index in range(len(job.references))]
        for reference, guide in zip(job.references, guides, strict=True):
            read_picture(reference).save(guide, format="PNG")
        return ["--src_ref_images", ",".join(str(guide) for guide in guides)]
    given = {
        place_of(reference.role, job): np.asarray(read_picture(reference)) for reference in job.references
    }
    video, mask = folder / "source.mp4", folder / "mask.mp4"
    write_video(frames_of(job, given), job, video, ffmpeg, cancelled)
    write_video(masks_of(job, given), job, mask, ffmpeg, cancelled)
    return ["--src_video", str(video), "--src_mask", str(mask)]


def place_of(role: str, job: RenderJob) -> int:
    if role not in ("start", "end"):
        raise EngineFailure("invalid_input", "a guiding picture and frames of a video exclude each other")
    return 0 if role == "start" else job.frames - 1


def frames_of(job: RenderJob, given: dict[int, np.ndarray]) -> Iterator[np.ndarray]:
    grey = np.full((job.height, job.width, 3), GREY, dtype=np.uint8)
    return (given.get(index, grey) for index in range(job.frames))


def masks_of(job: RenderJob, given: dict[int, np.ndarray]) -> Iterator[np.ndarray]:
    keep, draw = (np.full((job.height, job.width, 3), value, dtype=np.uint8) for value in (KEEP, DRAW))
    return (keep if index in given else draw for index in range(job.frames))


def write_video(
    frames: Iterator[np.ndarray], job: RenderJob, path: Path, ffmpeg: str, cancelled: Callable[[], bool]
) -> None:
    encode_video(frames, (job.width, job.height), FPS, LOSSLESS, path, ffmpeg, cancelled)
