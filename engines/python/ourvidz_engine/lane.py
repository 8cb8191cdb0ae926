"""A lane: a thread that computes one job after another, and hands finished pixels to others that make the files."""

import logging
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from typing import Any

import torch

from .channel import Events
from .failures import Cancelled, EngineFailure, is_out_of_memory
from .gates import holding
from .jobs import EnhanceJob, Job, RenderJob
from .libraries import allow_many_graphs
from .memory import Memory
from .options import Options
from .progress import Patience, Progress, Ticker
from .renderer import Enhancer, Family, Rendered, Renderer, Work
from .saving import Computed, Saving
from .shelf import Shelf
from .task import OnEnd, Task, end_badly, failure_of
from .turn import Hold, Turn

log = logging.getLogger(__name__)

#: How long a job that waits for its models may not notice that it was cancelled.
NOTICE_SECONDS = 0.1


@dataclass
class Claim:
    """What of the card a job has in hand, to be given back however it ends."""

    hold: Hold | None = None
    peak_mib: float | None = None


@dataclass(frozen=True)
class Shared:
    """What all lanes share."""

    options: Options
    renderers: Mapping[str, Renderer]
    enhancer: Enhancer
    shelf: Shelf
    memory: Memory
    saving: Saving
    ticker: Ticker
    events: Events
    on_end: OnEnd


class Lane:
    def __init__(self, turn: Turn, shared: Shared) -> None:
        self.turn = turn
        self._shared = shared
        self._line: queue.SimpleQueue[Task] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=turn.lane, daemon=True).start()

    def add(self, task: Task) -> None:
        self._line.put(task)

    def _run(self) -> None:
        compiles = self._shared.options.compiler is not None
        if compiles:
            allow_many_graphs()
        patience = Patience(self._shared.options.stall_seconds, compiles)
        while True:
            task = self._line.get()
            total = task.job.steps if isinstance(task.job, RenderJob) else 0
            progress = Progress(task.id, total, self._shared.events, patience)
            self._shared.ticker.add(progress)
            try:
                self._do(task, progress)
            except BaseException as error:  # noqa: BLE001 - a card that is lost fails once more where it is given back
                self._shared.ticker.remove(progress)
                end_badly(task, failure_of(task, error), self._shared.on_end)

    def _do(self, task: Task, progress: Progress) -> None:
        work = Work(
            task.id,
            progress,
            task.cancel,
            low_memory=task.low_memory,
            latents_dir=self._shared.options.latents_dir,
        )
        work.on_done_with = lambda model: self._done_with(task, work, model)
        claim = Claim()
        outcome = self._try(task, work, claim)
        # Only now are the frames of a failed try gone, and with them the tensors that they held.
        if isinstance(outcome, EngineFailure) or (isinstance(outcome, Cancelled) and claim.hold is not None):
            self._shared.memory.empty_cache()
        # In this order: once the card is released, the parent may have the models taken off it.
        self._shared.shelf.give_back(work.borrowed)
        if claim.hold is not None:
            claim.hold.release(claim.peak_mib, self._shared.memory.card_mib())
        if isinstance(outcome, Computed):
            self._shared.saving.finish(task, outcome, progress)
        else:
            self._shared.ticker.remove(progress)
            end_badly(task, outcome, self._shared.on_end)

    def _try(self, task: Task, work: Work, claim: Claim) -> Computed | EngineFailure | Cancelled:
        """A failure as a value, without the traceback that would keep what the job had in memory."""
        try:
            return self._compute(task, work, claim)
        except BaseException as error:  # noqa: BLE001 - Cancelled is one, and no job may end its lane
            return failure_of(task, error)

    def _compute(self, task: Task, work: Work, claim: Claim) -> Computed:
        family = self._family(task.job)
        work.check()
        family.check(task.job)
        self._shared.events.send("accepted", id=task.id)
        work.phase("loading")
        models = family.models_of(task.job)
        since = time.perf_counter()
        self._await_moves(task, work, models)
        self._shared.shelf.borrow(models)
        work.borrowed = list(models)
        load_ms = (time.perf_counter() - since) * 1000
        work.phase("waiting")
        claim.hold = self.turn.take(task.id, task.cancel, work.progress)
        with self._shared.memory.peak() as peak, holding(claim.hold), torch.no_grad():
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
            self._shared.shelf.give_back([model])
        if model in task.drop:
            self._shared.shelf.unload(model)
        self._shared.events.send("unneeded", id=task.id, model=model)

    def _attempt(self, task: Task, work: Work) -> Rendered | str:
        """Once more after an out of memory, with everything that saves some. The failed try's tensors are gone by then."""
        if not work.low_memory:
            try:
                return self._family(task.job).compute(task.job, work)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("%s: out of memory, tried once more with less", task.id)
            self._shared.memory.empty_cache()
            work.low_memory = True
        try:
            return self._family(task.job).compute(task.job, work)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise EngineFailure("oom", "out of memory, also with everything that saves some") from error

    def _family(self, job: Job) -> Family[Any, Rendered | str]:
        if isinstance(job, EnhanceJob):
            return self._shared.enhancer
        family = self._shared.renderers.get(job.family)
        if family is None:
            raise EngineFailure("invalid_input", "no such family of models")
        return family
