"""Gates: forward pre-hooks on the blocks of the models, at which a lane can give the card back.

`callback_on_step_end` is no gate: a step of WAN takes seconds, and text encoding and the VAE have none at all. The hook is
kept out of compiled graphs; a graph that swallowed it would never yield.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import torch

_current = threading.local()


class Holding(Protocol):
    """A job's time on the card, as its gates see it."""

    def gate(self, module: str, /) -> None: ...


@contextmanager
def holding(hold: Holding) -> Iterator[None]:
    """What this thread computes belongs to that hold."""
    _current.hold = hold
    try:
        yield
    finally:
        _current.hold = None


def gate(module: str = "") -> None:
    """A gate by hand, between parts that no hook separates. Outside a turn it is an error: nothing may compute there."""
    hold = getattr(_current, "hold", None)
    if hold is None:
        raise RuntimeError(f"{module or 'a model'} computes outside a turn of the card")
    hold.gate(module)


def held_ms() -> float:
    """Milliseconds that this thread's job has held the card so far, over all of its turns."""
    hold = getattr(_current, "hold", None)
    return 0.0 if hold is None else hold.held_ms


def add_gates(name: str, modules: Iterable[torch.nn.Module]) -> None:
    """Puts a gate before each of the modules. Once for each module, whichever pipelines share it."""
    for module in modules:
        if getattr(module, "_ourvidz_gate", False):
            continue
        module.register_forward_pre_hook(_hook(name))
        module._ourvidz_gate = True


def _hook(name: str):
    @torch.compiler.disable
    def before(_module: torch.nn.Module, _inputs: object) -> None:
        gate(name)

    return before
