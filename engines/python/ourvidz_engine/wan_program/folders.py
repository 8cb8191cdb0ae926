"""Folders for what the program reads and writes: gone with the job, or a day later where ours was killed in the middle."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "ourvidz-wan-"
#: Longer than any job.
FORGOTTEN_SECONDS = 24 * 3600


@contextmanager
def job_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        yield Path(name)


def remove_forgotten_folders() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            forgotten = time.time() - folder.stat().st_mtime > FORGOTTEN_SECONDS
        except OSError:
            continue
        if forgotten:
            shutil.rmtree(folder, ignore_errors=True)
