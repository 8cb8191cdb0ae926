"""The pictures that a job refers to."""

from PIL import Image

from .failures import EngineFailure, may_pass
from .jobs import Reference, RenderJob


def require_pictures(job: RenderJob, larger: bool = False) -> None:
    """Raises `invalid_input` unless every reference is a whole picture of the job's size; `larger`: or one that covers it."""
    for reference in job.references:
        width, height = read_picture(reference).size
        covers = width >= job.width and height >= job.height
        if (width, height) != (job.width, job.height) and not (larger and covers):
            what = f"the {reference.role} reference is {width}x{height}, not {job.width}x{job.height}"
            raise EngineFailure("invalid_input", what)


def read_picture(reference: Reference) -> Image.Image:
    """In RGB. Raises `invalid_input` for what is no picture, or not there."""
    try:
        with Image.open(reference.path) as picture:
            return picture.convert("RGB")
    # Of a broken PNG, Pillow says SyntaxError or ValueError.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if may_pass(error):
            raise
        what = f"the {reference.role} reference is no picture, or not there"
        raise EngineFailure("invalid_input", what) from error


def cropped(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of a picture that covers this size."""
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))
