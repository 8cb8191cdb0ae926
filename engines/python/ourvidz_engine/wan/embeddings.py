"""Embeddings of texts on the host, so that a prompt that was seen before, and the default negative one, need no encoder."""

import threading
from collections import OrderedDict
from collections.abc import Iterable

import torch

#: 4 MiB each at most, and usually under one.
MOST = 128


class Embeddings:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._of: OrderedDict[str, torch.Tensor] = OrderedDict()

    def get(self, text: str) -> torch.Tensor | None:
        with self._lock:
            found = self._of.get(text)
            if found is not None:
                self._of.move_to_end(text)
            return found

    def has_all(self, texts: Iterable[str]) -> bool:
        found = [self.get(text) for text in texts]
        return all(embedding is not None for embedding in found)

    def put(self, text: str, embedding: torch.Tensor) -> None:
        """Forgets the text that was not asked for the longest."""
        with self._lock:
            self._of[text] = embedding
            while len(self._of) > self._most:
                self._of.popitem(last=False)
