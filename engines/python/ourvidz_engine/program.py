"""The program around the lanes: carries out commands, and ends when it is told to or when its parent is gone."""

import gc
import logging
import os
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from . import VERSION
from .channel import PROTOCOL_VERSION, Channel
from .enhancer import PromptEnhancer
from .failures import EngineFailure, described
from .gate_log import GateLog
from .jobs import parse_job
from .lane import Lane, Shared
from .libraries import can_compile, quieten
from .memory import Memory
from .notices import send_notices
from .options import Options
from .progress import Ticker
from .renderer import Enhancer, Models, Renderer
from .saving import Saving
from .sdxl import Sdxl
from .shelf import Shelf
from .task import Move, Task
from .turn import Turn
from .wan import wan_family
from .wan.lossy import LOSSY_NAMES

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005


class Program:
    def __init__(
        self, channel: Channel, options: Options, renderers: Mapping[str, Renderer], enhancer: Enhancer
    ) -> None:
        unknown = options.lossy - LOSSY_NAMES
        if unknown:
            raise ValueError(
                f"no such lossy options: {', '.join(sorted(unknown))}; known: {', '.join(LOSSY_NAMES)}"
            )
        self._channel = channel
        self._options = options
        self._memory = Memory(options.device)
        by_model: dict[str, Models] = {
            model: family for family in (*renderers.values(), enhancer) for model in family.models
        }
        self._shelf = Shelf(by_model, self._memory, channel)
        ticker = Ticker()
        self._shared = Shared(
            options=options,
            renderers=renderers,
            enhancer=enhancer,
            shelf=self._shelf,
            memory=self._memory,
            saving=Saving(channel, options.ffmpeg, ticker, self._ended),
            ticker=ticker,
            events=channel,
            on_end=self._ended,
        )
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._log = GateLog(options.gate_log)
        self._lanes: dict[str, Lane] = {}
        self._tasks: dict[str, Task] = {}
        self._moves: list[Move] = []
        self._lock = threading.Lock()

    def greet(self) -> None:
        cuda = self._options.device == "cuda"
        device = torch.cuda.get_device_name(0) if cuda else "cpu"
        self._channel.send(
            "hello", v=PROTOCOL_VERSION, pid=os.getpid(), device=device, name="diffusers", version=VERSION
        )

    def handle(self, command: dict[str, Any]) -> None:
        match command:
            case {"type": "init", "lanes": [*lanes]}:
                self._init(lanes, command.get("budgetMiB"))
            case {"type": "generate", "id": str(task_id)}:
                self._generate(task_id, command)
            case {"type": "cancel", "id": str(task_id)}:
                self._cancel(task_id)
            case {"type": "grant", "lane": str(lane)} if lane in self._lanes:
                self._lanes[lane].turn.granted()
            case {"type": "yield", "lane": str(lane)} if lane in self._lanes:
                self._lanes[lane].turn.yield_asked()
            case {"type": "load" | "unload" as way, "model": str(model)}:
                done = self._loader.submit(self._move, way, model)
                self._moves = [move for move in self._moves if not move.done.done()] + [
                    Move(way, model, done)
                ]
            case {"type": "ping"}:
                self._channel.send("pong")
            case {"type": "shutdown"}:
                self.end(0)
            case _:
                log.warning("a command that is unknown, or breaks the protocol")

    def end(self, code: int) -> None:
        """At once: files under temporary names are the parent's to remove, and nothing else needs an orderly end."""
        sys.stderr.flush()
        os._exit(code)

    def _init(self, lanes: list[str], budget_mib: float | None) -> None:
        self._memory.limit(budget_mib)
        if self._options.device == "cuda":
            # A context that cannot compute is found out before any job is.
            torch.ones(16, 16, device="cuda").matmul(torch.ones(16, 16, device="cuda")).sum().item()
        for lane in lanes:
            turn = Turn(lane, self._channel, self._options.device, self._log)
            self._lanes[lane] = Lane(turn, self._shared)
        self._shelf.say_ready()

    def _generate(self, task_id: str, command: dict[str, Any]) -> None:
        try:
            lane = self._lanes.get(command.get("lane", ""))
            if lane is None:
                raise EngineFailure("invalid_input", "a lane that was not asked for")
            job = parse_job(command.get("job"))
            out_dir = command.get("outDir")
            drop = frozenset(command.get("drop") or ())
            task = Task(
                task_id,
                job,
                None if out_dir is None else Path(out_dir),
                drop,
                tuple(self._moves),
                command.get("lowMemory") is True,
            )
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is answered
            failure = error if isinstance(error, EngineFailure) else EngineFailure("invalid_input", "no job")
            self._channel.send(
                "failed", id=task_id, code=failure.code, retryable=failure.retryable, message=str(failure)
            )
            return
        with self._lock:
            if task_id in self._tasks:
                log.warning("job %s is here already", task_id)
                return
            self._tasks[task_id] = task
        lane.add(task)

    def _cancel(self, task_id: str) -> None:
        with self._lock:
            task = self._tasks.get(task_id)
        if task is None:
            return
        task.cancel.set()
        for lane in self._lanes.values():
            lane.turn.wake()

    def _ended(self, task: Task, event: str, **fields: object) -> None:
        """Forgotten before it is told: the parent may give the same job again at once."""
        with self._lock:
            self._tasks.pop(task.id, None)
        self._channel.send(event, id=task.id, **fields)
        if fields.get("code") == "cuda_error":
            # The error sticks to the context: a new process has to open the card.
            self.end(1)

    def _move(self, way: str, model: str) -> None:
        try:
            if way == "load":
                self._shelf.load(model)
            else:
                self._shelf.unload(model)
        except BaseException as error:  # noqa: BLE001 - a model that cannot be loaded ends nothing; its jobs will say so
            log.warning("%s: %s", model, described(error))
        self._shelf.say_ready()


def run(channel: Channel, options: Options) -> None:
    quieten()
    send_notices(channel)
    torch.set_grad_enabled(False)
    # A lane hands the interpreter back with every kernel that it launches. While another thread builds a model it would get it
    # back after Python's usual 5 ms each time, and the card would wait.
    sys.setswitchinterval(SWITCH_SECONDS)
    # What is imported stays: whoever collects garbage, and everybody waits meanwhile, need not look through it.
    gc.collect()
    gc.freeze()
    if options.compiler == "inductor" and not can_compile():
        log.warning("no C compiler, or no Python.h: the models are not compiled, which is slower")
        options = replace(options, compiler=None)
    try:
        renderers = {"sdxl": Sdxl(options), "wan": wan_family(options)}
        program = Program(channel, options, renderers, PromptEnhancer(options))
        program.greet()
    except Exception as error:
        channel.send("fatal", reason=f"{type(error).__name__}: {error}"[:1000])
        raise
    try:
        for command in channel.commands():
            program.handle(command)
    except Exception as error:  # noqa: BLE001 - a mistake of our own, after which the rest cannot be relied on
        channel.send("fatal", reason=described(error)[:2000])
        program.end(1)
    # The parent has closed our stdin, or died.
    program.end(0)
