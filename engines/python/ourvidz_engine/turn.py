"""One lane's side of the turnstile: it says `want`, stops until `grant`, and gives the card back at a gate when told."""

import threading
import time
from collections import deque
from typing import Protocol

import torch

from .channel import Events
from .failures import Cancelled
from .gate_log import GateLog

#: Kernels of at most so many gates are queued ahead of the card: what a `yield` has to wait for.
RUN_AHEAD = 2


class Cancel(Protocol):
    def is_set(self) -> bool: ...


class Pulse(Protocol):
    """Is told whenever a job is seen to be alive, and when it waits and need not be."""

    def moved(self) -> None: ...

    def rests(self) -> None: ...


class Turn:
    """The turns of one lane. One job of it at a time wants or holds the card."""

    def __init__(self, lane: str, events: Events, device: str, log: GateLog) -> None:
        self.lane = lane
        self._events = events
        self._cuda = device == "cuda"
        self._log = log
        self._changed = threading.Condition()
        self._granted = False
        #: A request to yield that came before the lane's thread had noticed its grant.
        self._asked_early = False
        self._hold: Hold | None = None

    def take(self, job_id: str, cancel: threading.Event, pulse: Pulse) -> "Hold":
        """Waits for the card. Raises `Cancelled`, having told nothing: a lane that never held has nothing to give back."""
        hold = Hold(self, job_id, cancel, pulse, self._cuda)
        with self._changed:
            self._granted = False
        self._events.send("want", lane=self.lane, id=job_id)
        self.wait(hold)
        return hold

    def granted(self) -> None:
        with self._changed:
            self._granted = True
            self._asked_early = False
            self._changed.notify_all()

    def yield_asked(self) -> None:
        with self._changed:
            if self._granted:
                self._asked_early = True
            elif self._hold is not None:
                self._hold.interrupted = True

    def wake(self) -> None:
        """A job was cancelled: if it is the one that waits or computes, it looks at its event. Others keep their turn."""
        with self._changed:
            if self._hold is not None and self._hold.cancel.is_set():
                self._hold.interrupted = True
            self._changed.notify_all()

    def wait(self, hold: "Hold") -> None:
        """Until the hold has the card. Raises `Cancelled`."""
        hold.pulse.rests()
        with self._changed:
            self._changed.wait_for(lambda: self._granted or hold.cancel.is_set())
            if hold.cancel.is_set():
                raise Cancelled
            self._granted = False
            self._log.write("begin", self.lane, hold.job_id)
            hold.began(asked=self._asked_early)
            self._hold = hold

    def passed(self, hold: "Hold", module: str) -> None:
        self._log.write("gate", self.lane, hold.job_id, module)

    def end(self, hold: "Hold", event: str, **more: float | None) -> None:
        """The card is given back, for now or for good, as the event says."""
        if self._cuda:
            torch.cuda.synchronize()
        self._hold = None
        self._log.write("end", self.lane, hold.job_id)
        self._events.send(event, lane=self.lane, id=hold.job_id, heldMs=hold.ended(), **more)


class Hold:
    """One job's time on the card, over all of its turns."""

    def __init__(self, turn: Turn, job_id: str, cancel: threading.Event, pulse: Pulse, cuda: bool) -> None:
        self.job_id = job_id
        self.cancel = cancel
        self.pulse = pulse
        #: Somebody wants something of this job at its next gate. Read at every gate, so it is a plain attribute.
        self.interrupted = False
        self._turn = turn
        self._since: float | None = None
        self._held = 0.0
        self._queued: deque[torch.cuda.Event] | None = deque() if cuda else None

    def gate(self, module: str = "") -> None:
        """A place where the card can be given back. Raises `Cancelled` if the job was cancelled."""
        self.pulse.moved()
        self._turn.passed(self, module)
        if self._queued is not None:
            self._bound_run_ahead(self._queued)
        if self.interrupted:
            self._answer()

    def release(self, peak_mib: float | None, reserved_mib: float | None) -> None:
        """The GPU part is over: gives the card back for good. Of the card are reserved: at most meanwhile, and now."""
        if self._since is not None:
            self._turn.end(self, "released", peakMiB=peak_mib, reservedMiB=reserved_mib)

    @property
    def held_ms(self) -> float:
        running = 0.0 if self._since is None else time.perf_counter() - self._since
        return (self._held + running) * 1000

    def _answer(self) -> None:
        self.interrupted = False
        if self.cancel.is_set():
            raise Cancelled
        self._turn.end(self, "yielded")
        self._turn.wait(self)

    def began(self, asked: bool) -> None:
        self.pulse.moved()
        self._since = time.perf_counter()
        self.interrupted = asked or self.cancel.is_set()

    def ended(self) -> float:
        """Milliseconds of the turn that ends now."""
        turn = time.perf_counter() - (self._since or time.perf_counter())
        self._since = None
        self._held += turn
        return turn * 1000

    def _bound_run_ahead(self, queued: "deque[torch.cuda.Event]") -> None:
        event = torch.cuda.Event(blocking=True)
        event.record()
        queued.append(event)
        if len(queued) > RUN_AHEAD:
            queued.popleft().synchronize()
