"""Memory of the device that the models compute on, in MiB.

On a card it is what torch's allocator has *reserved*: what other programs cannot have. On a CPU, where tests run, it is the
bytes of all living tensors, so that a test can see whether a job has given everything back.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

MIB = 1024 * 1024


@dataclass(eq=False)
class Peak:
    """Bytes: the most that was reserved and that was in use, and what an earlier, larger job had left reserved."""

    reserved: int = 0
    allocated: int = 0
    left: int = 0

    def mib(self) -> float:
        return round(max(self.reserved - self.left, self.allocated) / MIB, 1)


class Memory:
    def __init__(self, device: str) -> None:
        self._cuda = device == "cuda"
        self._peaks: list[Peak] = []
        self._loads: torch.cuda.Stream | None = None

    def limit(self, budget_mib: float | None) -> None:
        """More than the budget is out of memory, even if the card has it: others may be promised it."""
        if budget_mib is None:
            return
        if self._cuda:
            torch.cuda.set_per_process_memory_fraction(min(1.0, budget_mib / self.total_mib()))
        else:
            limit_growth(int(budget_mib * MIB))

    def card_mib(self) -> float | None:
        """What is reserved of the card, if there is one."""
        return round(torch.cuda.memory_reserved() / MIB, 1) if self._cuda else None

    def reserved_mib(self) -> float:
        card = self.card_mib()
        if card is not None:
            return card
        gc.collect()
        return round(living_tensor_bytes() / MIB, 1)

    def total_mib(self) -> float:
        if self._cuda:
            return torch.cuda.get_device_properties(0).total_memory / MIB
        import psutil

        return psutil.virtual_memory().total / MIB

    @contextmanager
    def peak(self) -> Iterator["Peak"]:
        """Of all that is computed within, jobs of other lanes included. Begun and ended with the card in hand."""
        peak = Peak()
        if self._cuda:
            # The allocator has one maximum for all lanes.
            self._look()
            torch.cuda.reset_peak_memory_stats()
            peak.left = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        self._peaks.append(peak)
        try:
            yield peak
            if self._cuda:
                self._look()
            else:
                peak.allocated = living_tensor_bytes()
        finally:
            self._peaks.remove(peak)

    def _look(self) -> None:
        for peak in self._peaks:
            peak.reserved = max(peak.reserved, torch.cuda.max_memory_reserved())
            peak.allocated = max(peak.allocated, torch.cuda.max_memory_allocated())

    @contextmanager
    def loading(self) -> Iterator[None]:
        """On a stream of its own: each copy from the host waits for all that is queued on its stream, and a lane that computes
        has a tenth of a second queued. A model of a thousand tensors would take minutes.
        """
        if not self._cuda:
            yield
            return
        stream = self._loads = self._loads or torch.cuda.Stream()
        with torch.cuda.stream(stream):
            yield
        stream.synchronize()

    def settle(self) -> None:
        """Before a model goes: nothing reads its weights any more, whose memory the next load may write to."""
        if self._cuda:
            torch.cuda.synchronize()

    def empty_cache(self) -> None:
        """After a failure or at a job's end: what nobody refers to any more is free for others."""
        gc.collect()
        if self._cuda:
            torch.cuda.empty_cache()

    def report(self) -> dict[str, float]:
        return {"reservedMiB": self.reserved_mib(), "totalMiB": round(self.total_mib(), 1)}


def living_tensor_bytes() -> int:
    """Bytes of the distinct storages behind all tensors that Python knows of."""
    sizes: dict[int, int] = {}
    for thing in gc.get_objects():
        try:
            if isinstance(thing, torch.Tensor) and thing.device.type == "cpu":
                storage = thing.untyped_storage()
                sizes[storage.data_ptr()] = storage.nbytes()
        except Exception:  # noqa: BLE001 - half-built objects of libraries may refuse to be looked at
            continue
    return sum(sizes.values())


def limit_growth(bytes_more: int) -> None:
    """Lets the process map so much more memory than now, and then refuses: the allocator's failure is a real one."""
    import resource

    with open("/proc/self/statm", encoding="ascii") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + bytes_more, resource.RLIM_INFINITY))
