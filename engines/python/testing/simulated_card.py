"""`python simulated_card.py …` runs the program as it runs on a card, where there is none.

Tensors say that they are on `cuda:0`, are in the precision of a card, and are computed on the CPU. As on a card, a tensor of
the CPU's beside one of the card's is an error, and so is a look at its numbers without copying it. Not simulated: kernels of
CUDA's own, compiled blocks, streams, and how much memory there is.
"""

import runpy
import sys
import threading
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

CARD = torch.device("cuda:0")
CPU = torch.device("cpu")
MEMORY_BYTES = 48 * 2**30
ALLOCATED_BYTES = 2**30
#: Numbers may cross here, by way of a copy; an index of the CPU's is one as well.
CROSSING = ("aten::_to_copy", "aten::copy_", "aten::index", "aten::_index_put_impl_")
#: These ask the driver before anything of Python's is asked.
ASK_THE_DRIVER = (
    *("__getitem__", "__setitem__", "__invert__", "bitwise_not", "nonzero", "contiguous", "copy_"),
    *("item", "tolist", "__bool__", "__float__", "__int__", "__index__"),
)
MAKERS = ("tensor", "as_tensor", "asarray", "full", "arange", "linspace")


class CardTensor(torch.Tensor):
    """One of the card's, over one of the CPU's with the same numbers."""

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> "CardTensor":
        return torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            layout=inner.layout,
            device=CARD,
        )

    def __init__(self, inner: torch.Tensor) -> None:
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


def compute(func: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    name = func._schema.name
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
    of_card = [each for each in tensors if isinstance(each, CardTensor)]
    of_cpu = [each for each in tensors if not isinstance(each, CardTensor) and each.dim() > 0]
    if of_card and of_cpu and not name.startswith(CROSSING):
        shapes = [[tuple(each.shape) for each in group] for group in (of_card, of_cpu)]
        raise RuntimeError(
            f"{name}: tensors of two devices, cuda:0 with shapes {shapes[0]} and cpu with {shapes[1]}"
        )
    device = kwargs.get("device")
    to_card = is_card(device) if device is not None else bool(of_card)
    given = {key: CPU if key == "device" and is_card(each) else each for key, each in kwargs.items()}
    # The math of it, for want of CUDA's kernels.
    if name == "aten::_fused_sdp_choice":
        return 0
    result = func(*tree_map(bare, args), **tree_map(bare, given))
    written = {id(each.inner): each for each in of_card} if func._schema.is_mutable else {}
    return tree_map(lambda each: written.get(id(each), placed(each, to_card)), result)


def is_card(device: Any) -> bool:
    return device is not None and torch.device(device).type == "cuda"


def bare(value: Any) -> Any:
    return value.inner if isinstance(value, CardTensor) else value


def placed(value: Any, to_card: bool = True) -> Any:
    return CardTensor(value) if to_card and type(value) is torch.Tensor else value


class OnDispatch(TorchDispatchMode):
    """For what no tensor of the card's takes part in yet."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return compute(func, args, kwargs or {})


class OnCall(TorchFunctionMode):
    """For what torch decides before it dispatches, with the driver's help."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        args = tuple(indexed(each) for each in args)
        kwargs = {key: indexed(each) for key, each in (kwargs or {}).items()}
        name = getattr(func, "__name__", "")
        if name in MAKERS and is_card(kwargs.get("device")):
            return placed(func(*tree_map(bare, args), **{**kwargs, "device": CPU}))
        if not args or not isinstance(args[0], CardTensor):
            return func(*args, **kwargs)
        if name == "numpy":
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        if name in ASK_THE_DRIVER:
            result = func(*tree_map(bare, args), **kwargs)
            return args[0] if result is args[0].inner else tree_map(placed, result)
        return func(*args, **kwargs)


def indexed(value: Any) -> Any:
    """Which card `cuda` is, the driver would have to be asked."""
    if isinstance(value, str):
        return CARD if value == "cuda" else value
    return CARD if isinstance(value, torch.device) and value.type == "cuda" else value


class Event:
    """Or a stream: nothing is queued, so everything has happened."""

    def __init__(self, **_options: object) -> None: ...

    def record(self) -> None: ...

    def synchronize(self) -> None: ...


def nothing(*_given: object) -> None: ...


def simulate() -> None:
    """In the whole process; the modes are each thread's own."""
    # A parameter's place is not changed in place, as its tensor becomes one of another kind.
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    for name in ("synchronize", "empty_cache", "reset_peak_memory_stats", "_lazy_init"):
        setattr(torch.cuda, name, nothing)
    for name in ("memory_allocated", "memory_reserved", "max_memory_allocated", "max_memory_reserved"):
        setattr(torch.cuda, name, lambda: ALLOCATED_BYTES)
    torch.cuda.Event = torch.cuda.Stream = Event
    torch.cuda.stream = lambda _stream: nullcontext()
    torch.cuda.is_available = lambda: True
    torch.cuda.mem_get_info = lambda: (MEMORY_BYTES - ALLOCATED_BYTES, MEMORY_BYTES)
    torch.cuda.get_device_name = lambda _index: "a simulated card"
    torch.cuda.get_device_properties = lambda _index: SimpleNamespace(total_memory=MEMORY_BYTES)
    torch.cuda.set_per_process_memory_fraction = nothing
    torch.cuda.get_per_process_memory_fraction = lambda: 1.0
    run = threading.Thread.run

    def run_with_card(self: threading.Thread) -> None:
        with OnCall(), OnDispatch():
            run(self)

    threading.Thread.run = run_with_card


if __name__ == "__main__":
    sys.argv[:] = sys.argv[1:]
    simulate()
    with OnCall(), OnDispatch():
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
