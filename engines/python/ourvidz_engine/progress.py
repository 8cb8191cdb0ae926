"""Tells the parent where each job is: at most four times a second, and once a second also while nothing moves."""

import logging
import sys
import threading
import time
import traceback
from dataclasses import dataclass

from .channel import Events

log = logging.getLogger(__name__)

SHORTEST_SECONDS = 0.25
LONGEST_SECONDS = 1.0
#: Loading from a slow disk and compiling pass no gate for so much longer than computing.
SLOWER = 3


@dataclass(frozen=True)
class Patience:
    """How long a job may pass no gate, no step and no phase before nobody vouches for it any more."""

    seconds: float
    #: A shape that is new is compiled in the middle of any phase.
    compiles: bool

    def limit(self, phase: str) -> float:
        return self.seconds * (SLOWER if self.compiles or phase == "loading" else 1)


class Progress:
    def __init__(self, job_id: str, total: int, events: Events, patience: Patience) -> None:
        self._id = job_id
        self._events = events
        self._patience = patience
        self._lock = threading.Lock()
        self._now = ("loading", 0, total)
        self._told: tuple[str, int, int] | None = None
        self._told_at = 0.0
        self._moved_at = time.monotonic()
        self._stalled = False

    def set(self, phase: str, step: int | None = None, total: int | None = None) -> None:
        with self._lock:
            _, old_step, old_total = before = self._now
            self._now = (phase, old_step if step is None else step, old_total if total is None else total)
            if self._now != before:
                self.moved()
        self.tell()

    def moved(self) -> None:
        """The job is alive: called at every gate, so it takes no lock."""
        self._moved_at = time.monotonic()

    def rests(self) -> None:
        """It waits for the card, for as long as that takes, until it is said to have moved."""
        self._moved_at = float("inf")

    def tell(self) -> None:
        """Silent about a job that has stalled: its thread may hang for good, and the parent ends what it hears nothing of."""
        with self._lock:
            now = time.monotonic()
            stalled = now - self._moved_at > self._patience.limit(self._now[0])
            if stalled and not self._stalled:
                self._say_stalled()
            self._stalled = stalled
            waited = now - self._told_at
            if stalled or waited < (LONGEST_SECONDS if self._now == self._told else SHORTEST_SECONDS):
                return
            self._told, self._told_at = self._now, now
            phase, step, total = self._now
            self._events.send("progress", id=self._id, step=min(step, total), total=total, phase=phase)

    def _say_stalled(self) -> None:
        """What each thread does, innermost call first. No lines of source: the disk that has them may be what hangs."""
        log.warning("%s: nothing has moved for long (%s); what the threads do:", self._id, self._now[0])
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for thread, innermost in sys._current_frames().items():
            calls = [
                f"  {frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
                for frame, line in traceback.walk_stack(innermost)
            ]
            log.warning("%s", "\n".join([names.get(thread, "a thread"), *calls]))


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
