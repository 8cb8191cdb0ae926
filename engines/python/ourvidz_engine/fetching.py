"""What is said of weights that are not there."""

import shlex
from pathlib import Path

from .failures import EngineFailure


def missing(what: str) -> EngineFailure:
    """`what` says where they are expected."""
    return EngineFailure(
        "model_missing", f"{what}; `ourvidz models check` tells the command that fetches them"
    )


def missing_from(repository: str, folder: Path, what: str) -> EngineFailure:
    """With the command that fetches the repository, for a POSIX shell."""
    command = shlex.join(["hf", "download", repository, "--local-dir", str(folder)])
    return EngineFailure("model_missing", f"{what}; they are fetched by: {command}")
