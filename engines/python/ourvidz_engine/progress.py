"""Tells the parent where each job is: at most four times a second, and once a second also while nothing moves."""

import threading
import time

from .channel import Channel

SHORTEST_SECONDS = 0.25
LONGEST_SECONDS = 1.0


class Progress:
    def __init__(self, job_id: str, total: int, channel: Channel) -> None:
        self._id = job_id
        self._channel = channel
        self._lock = threading.Lock()
        self._now = ("loading", 0, total)
        self._told: tuple[str, int, int] | None = None
        self._told_at = 0.0

    def set(self, phase: str, step: int | None = None, total: int | None = None) -> None:
        with self._lock:
            _, old_step, old_total = self._now
            self._now = (phase, old_step if step is None else step, old_total if total is None else total)
        self.tell()

    def tell(self) -> None:
        with self._lock:
            waited = time.monotonic() - self._told_at
            if waited < (LONGEST_SECONDS if self._now == self._told else SHORTEST_SECONDS):
                return
            self._told, self._told_at = self._now, time.monotonic()
            phase, step, total = self._now
            self._channel.send("progress", id=self._id, step=min(step, total), total=total, phase=phase)


class Ticker:
    """Has every job that is under way tell of itself, from a thread of its own: models load and encode for long."""

    def __init__(self) -> None:
        self._jobs: set[Progress] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="progress", daemon=True).start()

    def add(self, progress: Progress) -> None:
        with self._lock:
            self._jobs.add(progress)

    def remove(self, progress: Progress) -> None:
        with self._lock:
            self._jobs.discard(progress)

    def _run(self) -> None:
        while True:
            time.sleep(SHORTEST_SECONDS)
            with self._lock:
                jobs = list(self._jobs)
            for progress in jobs:
                progress.tell()
