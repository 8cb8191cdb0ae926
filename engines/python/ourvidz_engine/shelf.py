"""The models in memory: which family brings which, and who uses them. One load at a time; what is there waits for none."""

import sys
import threading
from collections.abc import Iterable, Mapping

from .channel import Events
from .failures import EngineFailure
from .memory import Memory
from .renderer import Models


class Shelf:
    def __init__(self, families: Mapping[str, Models], memory: Memory, events: Events) -> None:
        #: By model: who can load it.
        self._families = families
        self._memory = memory
        self._events = events
        self._loading = threading.Lock()
        self._counting = threading.Lock()
        self._uses: dict[str, int] = {}

    def loaded(self) -> list[str]:
        return sorted({model for family in set(self._families.values()) for model in family.loaded()})

    def say_ready(self, unasked: bool = False) -> None:
        """`unasked`: nobody's order is answered by it."""
        self._events.send("ready", models=self.loaded(), memory=self._memory.report(), unasked=unasked)

    def load(self, model: str) -> None:
        """Raises `invalid_input` for an unknown model, `model_missing` where its weights are not installed."""
        family = self._family(model)
        with self._loading:
            if model not in family.loaded():
                self._events.send("loading", model=model)
                with self._memory.loading():
                    family.load(model)

    def unload(self, model: str) -> None:
        """A model in use stays: the parent's view was older than ours, and the job matters more."""
        family = self._family(model)
        with self._counting:
            if self._uses.get(model, 0) > 0:
                print(f"{model} is in use and stays", file=sys.stderr, flush=True)
                return
            if model not in family.loaded():
                return
            self._memory.settle()
            family.unload(model)
        self._memory.empty_cache()

    def borrow(self, models: Iterable[str]) -> None:
        """Loads what is not there, and keeps all of it until it is returned."""
        before = self.loaded()
        # First counted, then looked at: nothing can leave in between.
        self._count(models, 1)
        try:
            for model in models:
                if model not in self._family(model).loaded():
                    self.load(model)
        except BaseException:
            self.give_back(models)
            raise
        if self.loaded() != before:
            self.say_ready(unasked=True)

    def give_back(self, models: Iterable[str]) -> None:
        self._count(models, -1)

    def _count(self, models: Iterable[str], change: int) -> None:
        with self._counting:
            for model in models:
                self._uses[model] = self._uses.get(model, 0) + change

    def _family(self, model: str) -> Models:
        family = self._families.get(model)
        if family is None:
            raise EngineFailure("invalid_input", "no such model")
        return family
