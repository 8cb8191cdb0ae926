"""What the program left: a failed save exits with 0, so nothing is believed that was not decoded."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from ..failures import Cancelled, EngineFailure
from ..jobs import RenderJob

PNG = b"\x89PNG\r\n\x1a\n"


def read_produced(path: Path, job: RenderJob, ffmpeg: str, cancelled: Callable[[], bool]) -> list[np.ndarray]:
    """The picture, or every frame of the video. Raises `internal` for anything but exactly what was asked for."""
    if not path.is_file() or path.stat().st_size == 0:
        raise unusable("ended well, but wrote no file")
    pictures = [read_picture(path)] if job.frames == 1 else read_frames(path, job, ffmpeg, cancelled)
    if len(pictures) != job.frames:
        raise unusable(f"made {len(pictures)} frames, not {job.frames}")
    height, width, _ = pictures[0].shape
    if (width, height) != (job.width, job.height):
        raise unusable(f"made {width}×{height}, not {job.width}×{job.height}")
    return pictures


def read_picture(path: Path) -> np.ndarray:
    """Several frames under a name for a picture are written as an animated PNG: a video that was asked for as a picture."""
    if head(path)[: len(PNG)] != PNG:
        raise unusable("wrote a file that is no PNG")
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if getattr(image, "n_frames", 1) != 1:
                raise unusable("wrote an animated PNG, not a picture")
            return np.array(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as problem:
        raise unusable("wrote a PNG that cannot be read") from problem


def read_frames(path: Path, job: RenderJob, ffmpeg: str, cancelled: Callable[[], bool]) -> list[np.ndarray]:
    """Every frame once, whatever times the file gives them. One more than asked for is enough to know."""
    if head(path)[4:8] != b"ftyp":
        raise unusable("wrote a file that is no MP4")
    source = [
        "-nostdin",
        "-hide_banner",
        "-loglevel",
        "error",
        "-xerror",
        "-i",
        f"file:{path}",
        "-map",
        "0:v:0",
    ]
    output = [
        "-vf",
        "setpts=N/FRAME_RATE/TB",
        "-frames:v",
        str(job.frames + 1),
        "-f",
        "image2pipe",
        "-c:v",
        "ppm",
        "pipe:1",
    ]
    frames: list[np.ndarray] = []
    with subprocess.Popen(
        [ffmpeg, *source, *output],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as decoder:
        assert decoder.stdout is not None
        try:
            while (frame := read_ppm(decoder.stdout)) is not None:
                if cancelled():
                    raise Cancelled
                frames.append(frame)
        except BaseException:
            decoder.kill()
            raise
    if decoder.returncode != 0 or not frames:
        raise unusable("wrote an MP4 that cannot be read")
    return frames


def read_ppm(stream: IO[bytes]) -> np.ndarray | None:
    """The next picture as ffmpeg writes it (`P6`, width and height, `255`, pixels); None at the end."""
    if stream.readline() != b"P6\n":
        return None
    width, height = (int(number) for number in stream.readline().split())
    stream.readline()
    pixels = stream.read(width * height * 3)
    if len(pixels) < width * height * 3:
        return None
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3)


def head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def unusable(problem: str) -> EngineFailure:
    return EngineFailure("internal", f"the WAN program {problem}")
