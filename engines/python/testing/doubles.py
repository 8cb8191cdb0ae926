"""What a lane gives a job, for checks without a lane: nobody hears of it, and every gate is passed at once."""

from collections.abc import Callable

import torch

from ourvidz_engine.failures import Cancelled
from ourvidz_engine.progress import Patience, Progress
from ourvidz_engine.renderer import Work


class Nobody:
    """Hears none of the events."""

    def send(self, _type: str, /, **_fields: object) -> None: ...


class OpenGates:
    """Keeps the names of the gates that were passed, and tells `at_gate` how many there were."""

    def __init__(self, at_gate: Callable[[int], None] = lambda _count: None) -> None:
        self.passed: list[str] = []
        self._at_gate = at_gate

    def gate(self, module: str, /) -> None:
        self.passed.append(module)
        self._at_gate(len(self.passed))


class KeepingWork(Work):
    """Keeps the latents that are decoded last."""

    latents: torch.Tensor

    def keep_latents(self, latents: torch.Tensor) -> None:
        self.latents = latents.clone()


def progress_of_nobody() -> Progress:
    return Progress("job", 0, Nobody(), Patience(600, compiles=False))


def cancel_at(place: int) -> Callable[[int], None]:
    def at_gate(count: int) -> None:
        if count == place:
            raise Cancelled

    return at_gate
