"""Whether files are there. Newer versions of `pathlib` take one on a volume that is away for absent."""

import stat
from pathlib import Path

from .failures import NO_FILE


def is_file(path: Path) -> bool:
    """Raises OSError where the system does not say."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Raises OSError where the system does not say."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in NO_FILE:
            return 0
        raise
