"""Compiled blocks, by graphs that run as they were traced. Prints one JSON object of facts about tiny models in argv[1]."""

import json
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from doubles import KeepingWork, OpenGates, cancel_at, progress_of_nobody
from PIL import Image
from torch._dynamo import register_backend

from ourvidz_engine.failures import Cancelled
from ourvidz_engine.gates import holding
from ourvidz_engine.jobs import Reference, RenderJob
from ourvidz_engine.libraries import allow_many_graphs, quieten
from ourvidz_engine.options import parse_options
from ourvidz_engine.renderer import Renderer
from ourvidz_engine.sdxl import Sdxl
from ourvidz_engine.tiny import sdxl, wan
from ourvidz_engine.wan import wan_family

FOLDER = Path(sys.argv[1])
PICTURE = FOLDER / "waves.png"
WIDTH, HEIGHT = 64, 32
OPTIONS = ["--device", "cpu", "--models-dir", str(FOLDER), "--cache-dir", str(FOLDER / "cache")]
OPTIONS += ["--sdxl-checkpoint", str(FOLDER / sdxl.CHECKPOINT)]

graphs: list[torch.fx.GraphModule] = []


@register_backend
def traced(graph: torch.fx.GraphModule, _inputs: object) -> Callable[..., Any]:
    graphs.append(graph)
    return graph.forward


@register_backend
def broken(_graph: torch.fx.GraphModule, _inputs: object) -> Callable[..., Any]:
    raise NotImplementedError("this compiler knows no blocks: a lighthouse")


@register_backend
def crowded(_graph: torch.fx.GraphModule, _inputs: object) -> Callable[..., Any]:
    raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")


IMAGE = RenderJob(
    type="sdxl_image_fast", family="sdxl", model="lustify_sdxl", prompt="a lighthouse", negative_prompt="dark",
    steps=3, guidance=6.5, solver="dpm++", shift=5.0, width=WIDTH, height=HEIGHT, frames=1, fps=1, images=2,
    seed=7, reference_mode="none", references=(), reference_strength=None, reference_type=None,
)  # fmt: skip
VIDEO = replace(
    IMAGE,
    type="video_fast",
    family="wan",
    model="wan_2_1_1_3b",
    solver="unipc",
    images=1,
    frames=9,
)


def guided(job: RenderJob, mode: str, type: str | None = None) -> RenderJob:
    return replace(
        job,
        reference_mode=mode,
        references=(Reference(mode, PICTURE),),
        reference_strength=0.8,
        reference_type=type,
    )


#: SDXL's last one is drawn by graphs again, after a reference that is drawn without.
JOBS = {
    "sdxl": [IMAGE, replace(IMAGE, width=48), guided(IMAGE, "single", "style"), IMAGE],
    "wan": [VIDEO, guided(VIDEO, "start"), replace(VIDEO, frames=1), VIDEO],
}
FAMILIES: dict[str, Callable[..., Renderer]] = {"sdxl": Sdxl, "wan": wan_family}


def family_of(name: str, compiler: str | None) -> Renderer:
    torch._dynamo.reset()
    return FAMILIES[name](parse_options(OPTIONS + ([] if compiler is None else ["--compiler", compiler])))


def render(family: Renderer, job: RenderJob, hold: OpenGates) -> torch.Tensor:
    family.check(job)
    for model in family.models_of(job):
        family.load(model)
    work = KeepingWork("job", progress_of_nobody(), threading.Event())
    with holding(hold), torch.no_grad():
        family.compute(job, work)
    return work.latents


def drawn(family: Renderer, jobs: list[RenderJob]) -> tuple[list[torch.Tensor], list[list[str]]]:
    """Latents and gates of each job."""
    holds = [OpenGates() for _ in jobs]
    latents = [render(family, job, hold) for job, hold in zip(jobs, holds, strict=True)]
    return latents, [hold.passed for hold in holds]


def same(some: list[torch.Tensor], others: list[torch.Tensor]) -> bool:
    return all(torch.equal(one, other) for one, other in zip(some, others, strict=True))


def compiled(name: str, plain: tuple[list[torch.Tensor], list[list[str]]]) -> dict[str, object]:
    graphs.clear()
    family = family_of(name, "traced")
    log = StringIO()
    with redirect_stderr(log):
        latents, gates = drawn(family, JOBS[name])
    made = len(graphs)
    # Cancelled in the middle of its blocks, which is no failure of theirs.
    try:
        render(family, JOBS[name][0], OpenGates(cancel_at(len(gates[0]) // 2)))
        cancels = False
    except Cancelled:
        cancels = True
    again = render(family, JOBS[name][0], OpenGates())
    return {
        "graphs": made > 0,
        "same": same(latents, plain[0]),
        "gates": gates == plain[1],
        "cancels": cancels and torch.equal(again, latents[0]),
        "log": log.getvalue(),
    }


def not_compiled(name: str, plain: tuple[list[torch.Tensor], list[list[str]]]) -> dict[str, object]:
    family = family_of(name, "broken")
    log = StringIO()
    with redirect_stderr(log):
        latents, gates = drawn(family, JOBS[name])
    # The gate of the block that could not be compiled is passed twice.
    return {"same": same(latents, plain[0]), "gates": gates[1:] == plain[1][1:], "log": log.getvalue()}


def without_memory(name: str) -> str:
    try:
        render(family_of(name, "crowded"), JOBS[name][0], OpenGates())
    except RuntimeError as error:
        return "oom" if "CUDA out of memory" in str(error) else repr(error)
    return "drawn"


def main() -> None:
    quieten()
    allow_many_graphs()
    for tiny in (sdxl, wan):
        tiny.write(FOLDER)
    Image.linear_gradient("L").convert("RGB").resize((WIDTH, HEIGHT)).save(PICTURE)
    facts = {}
    for name in FAMILIES:
        plain = drawn(family_of(name, None), JOBS[name])
        facts[name] = {
            "compiled": compiled(name, plain),
            "notCompiled": not_compiled(name, plain),
            "withoutMemory": without_memory(name),
        }
    print(json.dumps(facts))


main()
