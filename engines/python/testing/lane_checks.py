"""What of the lanes cannot be seen through models that load in no time. Prints one JSON object of facts, and then ends
as a program ends whose card is lost: with its last events on stdout, and exit code 1."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import torch

from ourvidz_engine.channel import Channel
from ourvidz_engine.enhancer import PromptEnhancer
from ourvidz_engine.failures import as_failure, is_out_of_memory
from ourvidz_engine.gates import gate
from ourvidz_engine.jobs import RenderJob
from ourvidz_engine.libraries import MOST_GRAPHS, allow_many_graphs, can_compile
from ourvidz_engine.memory import MIB, Memory
from ourvidz_engine.notices import send_notices
from ourvidz_engine.options import parse_options
from ourvidz_engine.program import Program
from ourvidz_engine.progress import LONGEST_SECONDS
from ourvidz_engine.renderer import Rendered, Work

OPTIONS = ["--device", "cpu", "--models-dir", ".", "--sdxl-checkpoint", ".", "--cache-dir", "."]
LIMIT_SECONDS = 20
JOB = json.loads(sys.argv[1])
HERE, SLOW, TEXT = "here", "slow", "text"

#: As torch and the libraries beneath it write them.
TEXTS = (
    "CUDA error: out of memory",
    "CUDA driver error: out of memory",
    "CUDA ran out of memory outside PyTorch's allocator.",
    "Triton Error [CUDA]: out of memory",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "CUDA error: an illegal memory access was encountered",
    "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx`",
    "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
    "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR",
    "cuDNN error: CUDNN_STATUS_NOT_INITIALIZED",
    "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED",
    "cuDNN error: CUDNN_STATUS_BAD_PARAM",
    "Triton Error [CUDA]: device-side assert triggered",
    "mat1 and mat2 shapes cannot be multiplied",
)


class Models:
    """A family that computes nothing. `slow` is loaded for as long as it takes until `arrived` is set."""

    models = (HERE, SLOW, TEXT)

    def __init__(self, render: Callable[[Work], None]) -> None:
        self.arrived = threading.Event()
        self._render = render
        self._loaded = {HERE, TEXT}

    def models_of(self, job: RenderJob) -> list[str]:
        return [job.model]

    def check(self, job: RenderJob) -> None: ...

    def load(self, model: str) -> None:
        if model == SLOW and not self.arrived.wait(LIMIT_SECONDS):
            raise TimeoutError
        self._loaded.add(model)

    def unload(self, model: str) -> None:
        self._loaded.discard(model)

    def loaded(self) -> list[str]:
        return sorted(self._loaded)

    def compute(self, job: RenderJob, work: Work) -> Rendered:
        self._render(work)
        return Rendered([])


class Parent:
    """The program in this process, with a parent that reads its events unless they go elsewhere."""

    def __init__(
        self, render: Callable[[Work], None], out: int | None = None, options: list[str] | None = None
    ) -> None:
        reading, writing = os.pipe()
        self.events: list[dict] = []
        self._told = threading.Condition()
        self.models = Models(render)
        channel = Channel(writing if out is None else out)
        given = parse_options([*OPTIONS, *(options or [])])
        renderers = {"sdxl": self.models, "wan": self.models}
        self.program = Program(channel, given, renderers, PromptEnhancer(given))
        threading.Thread(target=self._read, args=(reading,), daemon=True).start()
        self.send("init", lanes=["sdxl", "wan.video"])

    def _read(self, descriptor: int) -> None:
        with open(descriptor, encoding="utf-8") as lines:
            for line in lines:
                with self._told:
                    self.events.append(json.loads(line))
                    self._told.notify_all()

    def send(self, type: str, **fields: object) -> None:
        self.program.handle({"type": type, **fields})

    def generate(self, id: str, lane: str, model: str, drop: tuple[str, ...] = ()) -> None:
        self.send("generate", id=id, lane=lane, job={**JOB, "model": model}, outDir=".", drop=list(drop))

    def until(self, type: str, id: str | None) -> bool:
        """Whether such an event comes, or has come."""
        fits = lambda: any(each["type"] == type and each.get("id") == id for each in self.events)  # noqa: E731
        with self._told:
            return self._told.wait_for(fits, LIMIT_SECONDS / 2)

    def warnings(self) -> list[str]:
        return [each["message"] for each in self.events if each["type"] == "warning"]

    def types(self, id: str) -> list[str]:
        return [each["type"] for each in self.events if each.get("id") == id and each["type"] != "progress"]


def cancelled_while_loading() -> bool:
    parent = Parent(lambda _work: None)
    parent.send("load", model=SLOW)
    parent.generate("job", "sdxl", SLOW)
    parent.until("accepted", "job")
    parent.send("cancel", id="job")
    heard = parent.until("cancelled", "job")
    parent.models.arrived.set()
    return heard


def computes_while_others_load() -> bool:
    parent = Parent(lambda _work: None)
    parent.send("load", model=SLOW)
    parent.generate("slow", "wan.video", SLOW)
    parent.generate("job", "sdxl", HERE)
    wants = parent.until("want", "job")
    parent.models.arrived.set()
    return wants


def drops_while_others_load() -> list[object]:
    """A model that the job turned out not to need (`text`) leaves the card all the same, whatever is being loaded."""
    parent = Parent(lambda work: work.done_with(TEXT))
    parent.send("load", model=SLOW)
    parent.generate("slow", "wan.video", SLOW)
    parent.generate("job", "sdxl", HERE, drop=(TEXT,))
    parent.until("want", "job")
    parent.send("grant", lane="sdxl")
    parent.until("unneeded", "job")
    left = TEXT not in parent.models.loaded()
    parent.until("done", "job")
    parent.models.arrived.set()
    return [left, parent.types("job")]


def another_is_cancelled() -> list[str]:
    """What the job that computes tells, and whether it goes on, when one of another lane is cancelled."""
    computes, go_on = threading.Event(), threading.Event()

    def render(work: Work) -> None:
        computes.set()
        go_on.wait(LIMIT_SECONDS)
        gate("after the other was cancelled")

    parent = Parent(render)
    parent.generate("job", "sdxl", HERE)
    parent.until("want", "job")
    parent.send("grant", lane="sdxl")
    computes.wait(LIMIT_SECONDS)
    parent.generate("other", "wan.video", HERE)
    parent.until("want", "other")
    parent.send("cancel", id="other")
    parent.until("cancelled", "other")
    go_on.set()
    parent.until("done", "job")
    return parent.types("job")


def stalls() -> list[object]:
    """Whether a job that hangs is spoken for no more, is told where it hangs, and is spoken for again past a gate."""
    go_on = threading.Event()
    parent: Parent

    def told() -> int:
        return sum(each["type"] == "progress" for each in parent.events)

    def grows_by(count: int, between: Callable[[], None] = lambda: None) -> bool:
        enough, until = told() + count, time.monotonic() + LIMIT_SECONDS
        while told() < enough and time.monotonic() < until:
            time.sleep(0.05)
            between()
        return told() >= enough

    def render(_work: Work) -> None:
        go_on.wait(LIMIT_SECONDS)
        again.append(grows_by(1, lambda: gate("alive")))

    def falls_quiet() -> bool:
        for _ in range(2):
            before = told()
            time.sleep(3 * LONGEST_SECONDS)
            if told() == before:
                return True
        return False

    again: list[bool] = []
    parent = Parent(render, options=["--stall-seconds", "0.5"])
    send_notices(parent.program._channel)
    parent.generate("job", "sdxl", HERE)
    parent.until("want", "job")
    waiting = grows_by(4)
    parent.send("grant", lane="sdxl")
    quiet = falls_quiet()
    first, *threads = parent.warnings()
    hangs = [each.split("\n") for each in threads if each.startswith("sdxl\n") and "lane_checks.py" in each]
    said = first.startswith("job: nothing has moved for long") and [calls[1].split()[-1] for calls in hangs]
    go_on.set()
    parent.until("done", "job")
    return [waiting, quiet, said, *again, parent.types("job")[-1]]


def tells_its_operator() -> list[object]:
    """Of a job that fails and nobody knows why: where, but not a word of what it said. Of a model that cannot be loaded."""

    def render(_work: Work) -> None:
        raise ValueError(JOB["prompt"])

    parent = Parent(render)
    send_notices(parent.program._channel)
    parent.generate("job", "sdxl", HERE)
    parent.until("want", "job")
    parent.send("grant", lane="sdxl")
    parent.until("failed", "job")
    parent.send("load", model="nowhere")
    parent.program._loader.shutdown()
    parent.send("ping")
    parent.until("pong", None)
    failed, move = parent.warnings()
    first, *trace = failed.rstrip().split("\n")
    return [first, trace[-1].strip(), JOB["prompt"] in failed, move]


def out_of_memory() -> list[str]:
    """What is told of memory that runs out while a model loads, and while a job computes for the second time."""

    def fail(model: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    parent = Parent(fail)
    parent.models.load = fail
    parent.generate("loads", "sdxl", SLOW)
    parent.until("failed", "loads")
    parent.generate("computes", "sdxl", HERE)
    parent.until("want", "computes")
    parent.send("grant", lane="sdxl")
    parent.until("failed", "computes")
    return [f"{each['code']}: {each['message']}" for each in parent.events if each["type"] == "failed"]


def graphs_of_two_threads() -> list[int]:
    seen: list[int] = []

    def look() -> None:
        allow_many_graphs()
        seen.append(torch._dynamo.config.recompile_limit)

    for _ in range(2):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    return seen


class Allocator:
    """As torch tells of its own, in bytes; all that is reserved is in use."""

    def __init__(self) -> None:
        self._now = self._most = 0

    def hold(self, mib: int) -> None:
        self._now = mib * MIB
        self._most = max(self._most, self._now)

    def figures(self) -> dict[str, Any]:
        def reset() -> None:
            self._most = self._now

        now = dict.fromkeys(("memory_reserved", "memory_allocated"), lambda: self._now)
        most = dict.fromkeys(("max_memory_reserved", "max_memory_allocated"), lambda: self._most)
        return {**now, **most, "reset_peak_memory_stats": reset}


def peaks() -> list[float]:
    """Of a job whose lane another one cuts into after its own peak, and of that one."""
    allocator, memory = Allocator(), Memory("cuda")
    with patch.multiple(torch.cuda, **allocator.figures()), memory.peak() as whole:
        for mib in (900, 500):
            allocator.hold(mib)
        with memory.peak() as within:
            for mib in (700, 500):
                allocator.hold(mib)
    return [whole.mib(), within.mib()]


def odd_text() -> str:
    reading, writing = os.pipe()
    Channel(writing).send("done", text="\ud800")
    return json.loads(os.read(reading, 1000))["text"].encode("utf-16", "surrogatepass").hex()


def compiles_without_compiler() -> bool:
    os.environ["PATH"] = ""
    return can_compile()


def codes() -> dict[str, str]:
    """What each error of a card becomes. `oom` is also what is tried once more with less."""
    errors = [RuntimeError(text) for text in TEXTS] + [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        torch.AcceleratorError("CUDA error: out of memory\nSearch for `cudaErrorMemoryAllocation'"),
        torch.AcceleratorError("an error of some card"),
        torch.AcceleratorError(""),
        ValueError("CUDA error: said by one that is none"),
    ]
    failures = {
        f"{type(error).__name__}: {str(error).split(chr(10))[0]}": as_failure(error) for error in errors
    }
    assert all(is_out_of_memory(error) == (as_failure(error).code == "oom") for error in errors)
    return {error: failure.code for error, failure in failures.items()}


def lose_the_card() -> None:
    """Every call that touches a card whose context is lost fails, the one that waits for it at a turn's end too."""

    def fail(_work: Work | None = None) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nmore")

    parent = Parent(fail)
    parent.program._channel._out = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    torch.cuda.synchronize = fail
    parent.program._lanes["sdxl"].turn._cuda = True
    parent.generate("job", "sdxl", HERE)
    # Its events go to the test, so nobody here knows when it wants the card.
    for _ in range(LIMIT_SECONDS * 100):
        parent.send("grant", lane="sdxl")
        time.sleep(0.01)


def main() -> None:
    facts = {
        "cancelledWhileLoading": cancelled_while_loading(),
        "computesWhileOthersLoad": computes_while_others_load(),
        "dropsWhileOthersLoad": drops_while_others_load(),
        "anotherIsCancelled": another_is_cancelled(),
        "stalls": stalls(),
        "tellsItsOperator": tells_its_operator(),
        "outOfMemory": out_of_memory(),
        "peaks": peaks(),
        "oddText": odd_text(),
        "compilesWithoutCompiler": compiles_without_compiler(),
        "codes": codes(),
        "graphs": [limit >= MOST_GRAPHS for limit in graphs_of_two_threads()],
    }
    print(json.dumps(facts), flush=True)
    lose_the_card()
    print("the card was lost and nobody has noticed", file=sys.stderr, flush=True)
    os._exit(0)


main()
