"""Which of WAN's weights are installed, and how to get those that are not. Both folders are as diffusers lays them out."""

from pathlib import Path

from ..fetching import missing, missing_from
from ..there import is_file, is_folder
from ..weights import is_whole, weight_files

VACE_FOLDER = "wan2.1-vace-1.3b-diffusers"
T2V_FOLDER = "wan2.1-t2v-1.3b-diffusers"
VACE_REPOSITORY = "Wan-AI/Wan2.1-VACE-1.3B-diffusers"

#: Files without which a folder is a download that was broken off; the weights beside them are found by their index.
CONFIGURATIONS = (
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "tokenizer/tokenizer.json",
    "tokenizer/tokenizer_config.json",
    "transformer/config.json",
    "vae/config.json",
)
WEIGHTED = ("text_encoder", "transformer", "vae")


def missing_files(folder: Path) -> list[str]:
    """Files that a whole installation would have, and that are not there or not to their end; `.` if there is no folder."""
    if not is_folder(folder):
        return ["."]
    missing = [name for name in CONFIGURATIONS if not is_file(folder / name)]
    for part in WEIGHTED:
        names = weight_files(folder / part) or ["*.safetensors"]
        missing += [f"{part}/{name}" for name in names if not is_whole(folder / part / name)]
    return missing


def has_vace(models_dir: Path) -> bool:
    return not missing_files(models_dir / VACE_FOLDER)


def source_folder(models_dir: Path) -> Path:
    """The folder to load from: VACE's, which can do everything, else the text-to-video model's. Raises `model_missing`."""
    for name in (VACE_FOLDER, T2V_FOLDER):
        if not missing_files(models_dir / name):
            return models_dir / name
    raise missing(f"WAN 2.1 1.3B is not installed: its weights are expected in {_expected(models_dir)}")


def require_vace(models_dir: Path) -> None:
    """Raises `model_missing` unless references can be honoured."""
    if not has_vace(models_dir):
        what = f"a WAN job with a reference needs the weights of VACE, expected in {_expected(models_dir)}"
        raise missing_from(VACE_REPOSITORY, models_dir / VACE_FOLDER, what)


def _expected(models_dir: Path) -> str:
    """VACE's folder, and what it lacks if it is there."""
    folder = models_dir / VACE_FOLDER
    lacks = missing_files(folder)
    return str(folder) if lacks == ["."] else f"{folder} (there, but without {', '.join(lacks[:3])})"
