"""What of WAN cannot be seen from outside the program: prints one JSON object of facts about tiny models in argv[1]."""

import gc
import json
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    UniPCMultistepScheduler,
    WanPipeline,
    WanVACEPipeline,
    WanVACETransformer3DModel,
)
from doubles import KeepingWork, OpenGates, cancel_at, progress_of_nobody
from PIL import Image
from tokenizers import Tokenizer

from ourvidz_engine.failures import Cancelled
from ourvidz_engine.gates import holding
from ourvidz_engine.jobs import Reference, RenderJob
from ourvidz_engine.libraries import quieten
from ourvidz_engine.memory import living_tensor_bytes
from ourvidz_engine.options import parse_options
from ourvidz_engine.tiny import wan as tiny
from ourvidz_engine.wan import denoising, wan_family
from ourvidz_engine.wan.conditions import conditioning_scale, conditions
from ourvidz_engine.wan.decoding import denormalise
from ourvidz_engine.wan.installed import T2V_FOLDER, VACE_FOLDER, source_folder
from ourvidz_engine.wan.negative_prompt import DEFAULT_NEGATIVE_PROMPT
from ourvidz_engine.wan.schedulers import SCHEDULERS, scheduler_for
from ourvidz_engine.wan.share import shell, text_only_of
from ourvidz_engine.wan.text_encoder import read_tokenizer, tokens
from ourvidz_engine.wan.weights import read_model

FOLDER = Path(sys.argv[1])
VACE = FOLDER / VACE_FOLDER
ROLES = {"none": [], "single": ["single"], "start": ["start"], "end": ["end"], "both": ["start", "end"]}


def job_of(
    mode: str = "none", width: int = 64, height: int = 32, steps: int = 2, frames: int = 9
) -> RenderJob:
    references = []
    for index, role in enumerate(ROLES[mode]):
        path = FOLDER / f"{role}-{width}x{height}.png"
        Image.linear_gradient("L").rotate(90 * index).convert("RGB").resize((width, height)).save(path)
        references.append(Reference(role, path))
    return RenderJob(
        type="video_fast", family="wan", model="wan_2_1_1_3b", prompt="a lighthouse", negative_prompt="",
        steps=steps, guidance=6.5, solver="unipc", shift=5.0, width=width, height=height, frames=frames, fps=16,
        images=1, seed=7, reference_mode=mode, references=tuple(references),
        reference_strength=0.8 if references else None, reference_type=None,
    )  # fmt: skip


def family_of(lossy: str = ""):
    paths = ["--models-dir", str(FOLDER), "--sdxl-checkpoint", "none", "--cache-dir", str(FOLDER / "cache")]
    return wan_family(parse_options(["--device", "cpu", *paths, "--lossy", lossy]))


def render(family, job: RenderJob, hold: OpenGates | None = None, low_memory: bool = False) -> torch.Tensor:
    family.check(job)
    for model in family.models_of(job):
        family.load(model)
    work = KeepingWork("job", progress_of_nobody(), threading.Event(), low_memory=low_memory)
    with holding(hold or OpenGates()), torch.no_grad():
        rendered = family.compute(job, work)
    assert len(rendered.pictures) == job.frames
    return work.latents


def bare(mode: str) -> torch.Tensor:
    """The same job by diffusers' own pipeline, as its documentation has it."""
    job = job_of(mode)
    if mode == "none":
        pipe, references = WanPipeline.from_pretrained(FOLDER / T2V_FOLDER), {}
    else:
        pipe = WanVACEPipeline.from_pretrained(VACE)
        references = {"conditioning_scale": conditioning_scale(0.8), **conditions(job)}
    for parameter in pipe.transformer.parameters():
        # As they come they are views of the file, and their place there decides how a CPU sums them up.
        parameter.data = parameter.data.clone()
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = UniPCMultistepScheduler.from_config(pipe.scheduler.config, flow_shift=job.shift)
    latents = pipe(
        prompt=job.prompt, negative_prompt=DEFAULT_NEGATIVE_PROMPT, width=job.width, height=job.height,
        num_frames=job.frames, num_inference_steps=job.steps, guidance_scale=job.guidance, output_type="latent",
        generator=torch.Generator("cpu").manual_seed(job.seed), **references,
    ).frames  # fmt: skip
    return denormalise(latents[:, :, 1:] if mode == "single" else latents, pipe.vae)


def without_scale(family, mode: str) -> torch.Tensor:
    real = denoising.conditioning_scale
    denoising.conditioning_scale = lambda _strength: 0.0
    try:
        return render(family, job_of(mode))
    finally:
        denoising.conditioning_scale = real


def bytes_of_shells() -> int:
    vace = read_model(WanVACETransformer3DModel, VACE / "transformer", torch.float32, "cpu")
    vae = read_model(AutoencoderKLWan, VACE / "vae", torch.float32, "cpu")
    before = memory_at_rest()
    kept = [text_only_of(vace), shell(vae), shell(vae)]
    return memory_at_rest() - before if kept else -1


def cancelled_anywhere(family) -> dict[str, object]:
    """Cancels one job at the first and the last gate of each kind, and looks for what stays behind."""
    job = job_of("both")
    hold = OpenGates()
    before = render(family, job, hold)
    memory = memory_at_rest()
    left: list[str] = []
    for module in sorted(set(hold.passed)):
        places = [place for place, passed in enumerate(hold.passed, start=1) if passed == module]
        for place in (places[0], places[-1]):
            with suppress(Cancelled):
                render(family, job, OpenGates(cancel_at(place)))
            if memory_at_rest() != memory:
                left.append(f"{module} {place}")
    return {"gates": sorted(set(hold.passed)), "left": left, "same": torch.equal(render(family, job), before)}


def memory_at_rest() -> int:
    gc.collect()
    return living_tensor_bytes()


def low_memory(family) -> dict[str, bool]:
    """Large enough for tiles: more calls of the decoder, and no trace of them in the next job."""
    job = job_of(width=320, height=288, steps=1, frames=1)
    usual, sparing = OpenGates(), OpenGates()
    before = render(family, job, usual)
    render(family, job, sparing, low_memory=True)
    return {
        "tiled": sparing.passed.count("wan.vae.decoder") > usual.passed.count("wan.vae.decoder"),
        "same": torch.equal(render(family, job), before),
    }


def first_block_cache(plain: torch.Tensor, job: RenderJob) -> dict[str, bool]:
    family = family_of("first-block-cache")
    first = render(family, job)
    with suppress(Cancelled):
        render(family, job, OpenGates(cancel_at(8)))
    return {"changes": not torch.equal(first, plain), "same": torch.equal(render(family, job), first)}


def beside_a_cut_vace() -> str:
    """The folder that is loaded from while VACE is being copied to its place."""
    weights = VACE / "transformer" / "diffusion_pytorch_model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1])
    folder = source_folder(FOLDER)
    weights.write_bytes(content)
    return folder.name


def tokens_as_filed() -> bool:
    """Also what the tokenizer does not know."""
    text = "a lighthouse \u706f"
    filed = Tokenizer.from_file(str(VACE / "tokenizer" / "tokenizer.json")).encode(text).ids
    return tokens(read_tokenizer(VACE / "tokenizer"), text).input_ids[0, : len(filed)].tolist() == filed


def flows_by_any_configuration() -> dict[str, bool]:
    """Whether the noise of every step is the same where the folder has another scheduler's configuration."""
    config = json.loads((VACE / "scheduler/scheduler_config.json").read_text())
    same = {}
    for solver in SCHEDULERS:
        own, another = (
            scheduler_for(solver, 5.0, given) for given in (config, FlowMatchEulerDiscreteScheduler().config)
        )
        for each in (own, another):
            each.set_timesteps(8)
        same[solver] = torch.equal(own.sigmas, another.sigmas)
    return same


def main() -> None:
    quieten()
    tiny.write(FOLDER)
    family = family_of()
    none = render(family, job_of())
    many_steps = job_of(steps=8)
    torch.set_default_dtype(torch.bfloat16)
    beside_a_load = {mode: render(family, job_of(mode)) for mode in ROLES}
    torch.set_default_dtype(torch.float32)
    facts = {
        "asBare": {m: torch.equal(render(family, job_of(m)), bare(m)) for m in ROLES},
        "scaleZeroIsNone": {m: torch.equal(without_scale(family, m), none) for m in ROLES if m != "none"},
        "besideALoad": {m: torch.equal(render(family, job_of(m)), beside_a_load[m]) for m in ROLES},
        "flowsByAnyConfiguration": flows_by_any_configuration(),
        "bytesOfShells": bytes_of_shells(),
        "cancelled": cancelled_anywhere(family),
        "lowMemory": low_memory(family),
        "firstBlockCache": first_block_cache(render(family, many_steps), many_steps),
    }
    facts["tokensAsFiled"] = tokens_as_filed()
    facts["besideACutVace"] = beside_a_cut_vace()
    unscaled = replace(job_of(), guidance=1.0, negative_prompt="blurry")
    facts["unguidedIgnoresNegative"] = torch.equal(
        render(family, unscaled), render(family, replace(unscaled, negative_prompt="dark"))
    )
    print(json.dumps(facts))


main()
