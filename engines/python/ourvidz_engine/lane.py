"""A lane: a thread that computes one job after another, and hands finished pixels to others that make the files."""

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from . import artifacts
from .channel import Events
from .failures import Cancelled, EngineFailure, as_failure, described, is_card_error, is_out_of_memory
from .gates import holding
from .jobs import EnhanceJob, Job, RenderJob
from .libraries import allow_many_graphs
from .memory import Memory
from .options import Options
from .progress import Patience, Progress, Ticker
from .renderer import Enhancer, Family, Rendered, Renderer, Work
from .shelf import Shelf
from .turn import Hold, Turn

log = logging.getLogger(__name__)

#: How long a job that waits for its models may not notice that it was cancelled.
NOTICE_SECONDS = 0.1


@dataclass(frozen=True)
class Move:
    """A load or an unload that the parent asked for."""

    way: str
    model: str
    done: Future[None]


@dataclass
class Task:
    """One job of the parent's, from `generate` to its last event."""

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


@dataclass
class Computed:
    """What a job brought about on the card."""

    result: Rendered | str
    load_ms: float
    hold: Hold
    peak_mib: float | None


@dataclass
class Claim:
    """What of the card a job has in hand, to be given back however it ends."""

    hold: Hold | None = None
    peak_mib: float | None = None


class Lane:
    def __init__(
        self,
        turn: Turn,
        renderers: Mapping[str, Renderer],
        enhancer: Enhancer,
        shelf: Shelf,
        memory: Memory,
        events: Events,
        ticker: Ticker,
        savers: Executor,
        options: Options,
        on_end: Callable[..., None],
    ) -> None:
        self.turn = turn
        self._renderers = renderers
        self._enhancer = enhancer
        self._shelf = shelf
        self._memory = memory
        self._events = events
        self._ticker = ticker
        self._savers = savers
        self._options = options
        self._on_end = on_end
        self._line: queue.SimpleQueue[Task] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=turn.lane, daemon=True).start()

    def add(self, task: Task) -> None:
        self._line.put(task)

    def _run(self) -> None:
        compiles = self._options.compiler is not None
        if compiles:
            allow_many_graphs()
        patience = Patience(self._options.stall_seconds, compiles)
        while True:
            task = self._line.get()
            total = task.job.steps if isinstance(task.job, RenderJob) else 0
            progress = Progress(task.id, total, self._events, patience)
            self._ticker.add(progress)
            try:
                self._do(task, progress)
            except BaseException as error:  # noqa: BLE001 - a card that is lost fails once more where it is given back
                self._ticker.remove(progress)
                self._end_badly(task, failure_of(task, error))

    def _do(self, task: Task, progress: Progress) -> None:
        work = Work(
            task.id, progress, task.cancel, low_memory=task.low_memory, latents_dir=self._options.latents_dir
        )
        work.on_done_with = lambda model: self._done_with(task, work, model)
        claim = Claim()
        outcome = self._try(task, work, claim)
        # Only now are the frames of a failed try gone, and with them the tensors that they held.
        if isinstance(outcome, EngineFailure) or (isinstance(outcome, Cancelled) and claim.hold is not None):
            self._memory.empty_cache()
        # In this order: once the card is released, the parent may have the models taken off it.
        self._shelf.give_back(work.borrowed)
        if claim.hold is not None:
            claim.hold.release(claim.peak_mib, self._memory.card_mib())
        if isinstance(outcome, Computed):
            self._savers.submit(self._finish, task, outcome, progress)
        else:
            self._ticker.remove(progress)
            self._end_badly(task, outcome)

    def _try(self, task: Task, work: Work, claim: "Claim") -> "Computed | EngineFailure | Cancelled":
        """A failure as a value, without the traceback that would keep what the job had in memory."""
        try:
            return self._compute(task, work, claim)
        except BaseException as error:  # noqa: BLE001 - Cancelled is one, and no job may end its lane
            return failure_of(task, error)

    def _compute(self, task: Task, work: Work, claim: "Claim") -> "Computed":
        family = self._family(task.job)
        work.check()
        family.check(task.job)
        self._events.send("accepted", id=task.id)
        work.phase("loading")
        models = family.models_of(task.job)
        since = time.perf_counter()
        self._await_moves(task, work, models)
        self._shelf.borrow(models)
        work.borrowed = list(models)
        load_ms = (time.perf_counter() - since) * 1000
        work.phase("waiting")
        claim.hold = self.turn.take(task.id, task.cancel, work.progress)
        with self._memory.peak() as peak, holding(claim.hold), torch.no_grad():
            result = self._attempt(task, work)
        peak_mib = peak.mib() if work.measured else None
        # Of a job that was told to save memory the worker would learn that all of its kind need as little.
        claim.peak_mib = None if task.low_memory else peak_mib
        return Computed(result, load_ms, claim.hold, peak_mib)

    def _await_moves(self, task: Task, work: Work, models: Sequence[str]) -> None:
        """Until there is room, and what the job needs is there. Other jobs' models may take a minute more to load."""
        own = {*models, *task.drop}
        pending = [move.done for move in task.moves if move.way == "unload" or move.model in own]
        while wait(pending, NOTICE_SECONDS).not_done:
            work.check()

    def _done_with(self, task: Task, work: Work, model: str) -> None:
        if model in work.borrowed:
            work.borrowed.remove(model)
            self._shelf.give_back([model])
        if model in task.drop:
            self._shelf.unload(model)
        self._events.send("unneeded", id=task.id, model=model)

    def _attempt(self, task: Task, work: Work) -> Rendered | str:
        """Once more after an out of memory, with everything that saves some. The failed try's tensors are gone by then."""
        if not work.low_memory:
            try:
                return self._family(task.job).compute(task.job, work)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("%s: out of memory, tried once more with less", task.id)
            self._memory.empty_cache()
            work.low_memory = True
        try:
            return self._family(task.job).compute(task.job, work)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise EngineFailure("oom", "out of memory, also with everything that saves some") from error

    def _finish(self, task: Task, computed: Computed, progress: Progress) -> None:
        since = time.perf_counter()
        try:
            extra: dict[str, object] = {}
            if isinstance(computed.result, str):
                extra["text"] = computed.result
            else:
                progress.set("saving")
                self._save(task, computed.result)
                extra["referenceMethod"] = computed.result.method
            if task.cancel.is_set():
                raise Cancelled
        except BaseException as error:  # noqa: BLE001
            self._end_badly(task, failure_of(task, error))
        else:
            encode_ms = (time.perf_counter() - since) * 1000
            timings = {"loadMs": computed.load_ms, "cardMs": computed.hold.held_ms, "encodeMs": encode_ms}
            self._on_end(task, "done", timings=timings, peakMiB=computed.peak_mib, **extra)
        finally:
            self._ticker.remove(progress)

    def _save(self, task: Task, rendered: Rendered) -> None:
        job, out_dir = task.job, task.out_dir
        assert isinstance(job, RenderJob) and out_dir is not None
        cancelled = task.cancel.is_set
        pictures = rendered.pictures() if callable(rendered.pictures) else rendered.pictures
        if job.frames > 1:
            path = out_dir / "0.mp4"
            digest = artifacts.save(
                path, lambda to: artifacts.write_mp4(pictures, job.fps, to, self._options.ffmpeg, cancelled)
            )
            self._tell_artifact(task.id, job, path, digest, 0, len(pictures), pictures[0].shape)
            return
        for index, picture in enumerate(pictures):
            if cancelled():
                raise Cancelled
            path = out_dir / f"{index}.png"
            digest = artifacts.save(path, lambda to, picture=picture: artifacts.write_png(picture, to))
            self._tell_artifact(task.id, job, path, digest, index, 1, picture.shape)

    def _tell_artifact(
        self,
        id: str,
        job: RenderJob,
        path: Path,
        digest: str,
        index: int,
        frames: int,
        shape: tuple[int, ...],
    ) -> None:
        height, width = shape[0], shape[1]
        self._events.send(
            "artifact",
            id=id,
            path=str(path),
            sha256=digest,
            seed=job.seed + index,
            width=width,
            height=height,
            frames=frames,
        )

    def _end_badly(self, task: Task, end: EngineFailure | Cancelled) -> None:
        if isinstance(end, Cancelled):
            remove_files(task.out_dir)
            self._on_end(task, "cancelled")
        else:
            self._on_end(task, "failed", code=end.code, retryable=end.retryable, message=str(end))

    def _family(self, job: Job) -> Family[Any, Rendered | str]:
        if isinstance(job, EnhanceJob):
            return self._enhancer
        family = self._renderers.get(job.family)
        if family is None:
            raise EngineFailure("invalid_input", "no such family of models")
        return family


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


def remove_files(folder: Path | None) -> None:
    if folder is None:
        return
    for file in folder.glob("[0-9]*.*"):
        file.unlink(missing_ok=True)
