"""Regional compilation: each repeated block of a model as one graph. It makes a model faster and must never make it fail."""

import logging
from collections.abc import Callable
from typing import Any

import torch
from diffusers.models.modeling_utils import ModelMixin

from .failures import is_card_error, is_out_of_memory

log = logging.getLogger(__name__)


def compile_blocks(model: ModelMixin, backend: str) -> None:
    """Blocks are compiled when they first compute. One that cannot be has all of its model computed without graphs."""
    model.compile_repeated_blocks(fullgraph=True, backend=backend)
    fallback = Fallback(type(model).__name__)
    for block in model.modules():
        if block._compiled_call_impl is not None:
            block._compiled_call_impl = fallback.around(block._compiled_call_impl, block._call_impl)


def card_computes() -> bool:
    """A kernel that cannot be loaded is told in the words of a lost card, but leaves the context as it was."""
    try:
        torch.cuda.synchronize()
    except (RuntimeError, AssertionError):
        return False
    return True


class Fallback:
    """For all blocks of one model."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._given_up = False

    def around(self, graph: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
        """The graph, until one fails where its block itself does not; then the block. Gates of both are the same."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._given_up:
                return plain(*args, **kwargs)
            try:
                return graph(*args, **kwargs)
            except Exception as error:
                if is_out_of_memory(error) or (is_card_error(error) and not card_computes()):
                    raise
                why = type(error).__name__
            # Out here, where the failed try's tensors are gone. What is the job's own fault fails again.
            result = plain(*args, **kwargs)
            if not self._given_up:
                self._given_up = True
                log.warning("%s is not compiled from now on, which is slower: %s", self._model, why)
            return result

        return call
