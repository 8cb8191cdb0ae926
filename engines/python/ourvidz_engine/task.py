"""A job of the parent's, from `generate` to its last event."""

import logging
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .failures import Cancelled, EngineFailure, as_failure, described, is_card_error
from .jobs import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Move:
    """A load or an unload that the parent asked for."""

    way: str
    model: str
    done: Future[None]


@dataclass
class Task:
    id: str
    job: Job
    out_dir: Path | None
    #: Models that must leave the card as soon as the job needs them no more.
    drop: frozenset[str] = frozenset()
    #: Loads and unloads that the parent asked for before the job.
    moves: tuple[Move, ...] = ()
    #: It has killed a program before: what saves memory is done from the start.
    low_memory: bool = False
    cancel: threading.Event = field(default_factory=threading.Event)


class OnEnd(Protocol):
    """Called once for each task, with its last event: `done`, `failed` or `cancelled`."""

    def __call__(self, task: Task, event: str, **fields: object) -> None: ...


def failure_of(task: Task, error: BaseException) -> EngineFailure | Cancelled:
    """How a job ends that raised: a fresh object, so that nothing hangs on to the error's frames."""
    if isinstance(error, Cancelled) or (task.cancel.is_set() and not is_card_error(error)):
        return Cancelled()
    failure = as_failure(error)
    if failure.code == "internal":
        log.warning("%s: %s", task.id, described(error))
    else:
        # The job's event tells it.
        print(f"{task.id}: {described(error)}", file=sys.stderr, flush=True)
    return EngineFailure(failure.code, str(failure))


def end_badly(task: Task, end: EngineFailure | Cancelled, on_end: OnEnd) -> None:
    if isinstance(end, Cancelled):
        if task.out_dir is not None:
            for file in task.out_dir.glob("[0-9]*.*"):
                file.unlink(missing_ok=True)
        on_end(task, "cancelled")
    else:
        on_end(task, "failed", code=end.code, retryable=end.retryable, message=str(end))
