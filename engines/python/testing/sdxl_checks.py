"""What of SDXL cannot be seen from outside the program, held against diffusers: prints one JSON object of facts about tiny
models in argv[1]."""

import json
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline, UniPCMultistepScheduler
from doubles import KeepingWork, OpenGates, progress_of_nobody
from PIL import Image

from ourvidz_engine.gates import holding
from ourvidz_engine.jobs import Reference, RenderJob
from ourvidz_engine.libraries import quieten
from ourvidz_engine.options import parse_options
from ourvidz_engine.sdxl import Sdxl
from ourvidz_engine.sdxl.adapters import ENCODER, FILES, Adapters, installed_adapter
from ourvidz_engine.sdxl.checkpoint import load_pipeline
from ourvidz_engine.sdxl.reference import encode_reference, noise_strength
from ourvidz_engine.sdxl.solvers import SOLVERS, solver_named
from ourvidz_engine.sdxl.text import TextEncoding
from ourvidz_engine.tiny import sdxl

FOLDER = Path(sys.argv[1])
ADAPTER_FOLDER = FOLDER / "ip-adapter"
PICTURE = FOLDER / "waves.png"
PATHS = ["--models-dir", str(FOLDER), "--sdxl-checkpoint", str(FOLDER / sdxl.CHECKPOINT)]
OPTIONS = parse_options(["--device", "cpu", *PATHS, "--cache-dir", str(FOLDER / "cache")])
STRENGTH = 0.6
USUAL_STEPS = 15
#: Of 105 tokens in the tiny vocabulary: two chunks, or three where it is cut at its only point.
LONG = "at f/1.8, " + "the sea, " * 14
JOB = RenderJob(
    type="sdxl_image_fast", family="sdxl", model="lustify_sdxl", prompt="a lighthouse", negative_prompt="dark",
    steps=3, guidance=6.5, solver="unipc", shift=5.0, width=64, height=64, frames=1, fps=1, images=1,
    seed=7, reference_mode="none", references=(), reference_strength=None, reference_type=None,
)  # fmt: skip


def referring(type: str) -> RenderJob:
    reference = Reference("single", PICTURE)
    return replace(
        JOB,
        reference_mode="single",
        references=(reference,),
        reference_strength=STRENGTH,
        reference_type=type,
    )


def drawn(job: RenderJob) -> torch.Tensor:
    family = Sdxl(OPTIONS)
    family.check(job)
    for model in family.models_of(job):
        family.load(model)
    work = KeepingWork("job", progress_of_nobody(), threading.Event())
    family.compute(job, work)
    return work.latents


def bare(job: RenderJob) -> StableDiffusionXLPipeline:
    pipe = load_pipeline(OPTIONS)
    pipe.scheduler = solver_named(job.solver, pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def with_adapter(pipe: StableDiffusionXLPipeline, type: str) -> StableDiffusionXLPipeline:
    """As diffusers' documentation has it."""
    file = FILES[type]
    pipe.load_ip_adapter(
        str(ADAPTER_FOLDER), str(file.parent), file.name, str(ENCODER), local_files_only=True
    )
    pipe.set_ip_adapter_scale(scale_of(type))
    return pipe


def scale_of(type: str) -> Any:
    adapter = installed_adapter(type, ADAPTER_FOLDER)
    assert adapter is not None
    return adapter.scale(STRENGTH)


def drawn_by(pipe: StableDiffusionXLPipeline, job: RenderJob, **given: object) -> torch.Tensor:
    latents = pipe(
        job.prompt, negative_prompt=job.negative_prompt, width=job.width, height=job.height,
        num_inference_steps=job.steps, guidance_scale=job.guidance, output_type="latent",
        generator=torch.Generator("cpu").manual_seed(job.seed), **given,
    ).images  # fmt: skip
    return latents / pipe.vae.config.scaling_factor


def drawn_over() -> bool:
    """Whether image to image is diffusers' own, by the steps that a solver has of itself, over the mode of the reference."""
    job = replace(referring("style"), reference_type=None, steps=6)
    parts = load_pipeline(OPTIONS).components
    scheduler = UniPCMultistepScheduler.from_config(parts["scheduler"].config)
    pipe = StableDiffusionXLImg2ImgPipeline(**{**parts, "scheduler": scheduler}, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    picture = pipe.image_processor.preprocess(Image.open(PICTURE).convert("RGB"))
    latents = pipe(
        job.prompt, negative_prompt=job.negative_prompt, image=encode_reference(picture, pipe.vae, pipe.dtype),
        strength=noise_strength(STRENGTH, job.steps), num_inference_steps=job.steps,
        guidance_scale=job.guidance, output_type="latent",
        generator=torch.Generator("cpu").manual_seed(job.seed),
    ).images  # fmt: skip
    return torch.equal(latents / pipe.vae.config.scaling_factor, drawn(job))


def state(unet: torch.nn.Module) -> dict[str, torch.Tensor]:
    of = {"projection": unet.encoder_hid_proj, **unet.attn_processors}
    modules = {name: module for name, module in of.items() if isinstance(module, torch.nn.Module)}
    return {
        f"{name} {key}": tensor for name, each in modules.items() for key, tensor in each.state_dict().items()
    }


def kinds(unet: torch.nn.Module) -> dict[str, tuple[object, ...]]:
    """Of each attention: what processes it, how strongly, and how many tokens of the picture it sees."""
    return {
        name: (type(each), getattr(each, "scale", None), list(getattr(each, "num_tokens", ())))
        for name, each in unet.attn_processors.items()
    }


def blocks(unet: torch.nn.Module) -> dict[str, list[float]]:
    """Which blocks see the picture, and how strongly each of their layers does."""
    scales: dict[str, set[float]] = {}
    for name, each in unet.attn_processors.items():
        for scale in getattr(each, "scale", ()):
            scales.setdefault(name.split(".transformer_blocks.")[0], set()).add(scale)
    return {name: sorted(each) for name, each in scales.items() if any(each)}


def adapted(type: str) -> dict[str, object]:
    job = referring(type)
    theirs = with_adapter(bare(job), type)
    pipe = bare(job)
    adapter = installed_adapter(type, ADAPTER_FOLDER)
    assert adapter is not None
    with Adapters(ADAPTER_FOLDER, "cpu").attached(adapter, pipe.unet):
        pipe.set_ip_adapter_scale(scale_of(type))
        mine = state(pipe.unet)
        wanted = state(theirs.unet)
        same = mine.keys() == wanted.keys() and all(torch.equal(mine[name], wanted[name]) for name in mine)
        facts = {
            "weights": same,
            "kinds": kinds(pipe.unet) == kinds(theirs.unet),
            "blocks": blocks(pipe.unet),
        }
    latents = drawn_by(theirs, job, ip_adapter_image=Image.open(PICTURE))
    return {**facts, "latents": torch.equal(latents, drawn(job))}


def text() -> dict[str, bool]:
    """Of a short prompt without weights: the penultimate layers of both encoders side by side, and the second's pooled."""
    pipe = load_pipeline(OPTIONS)
    told = TextEncoding(pipe).encode(JOB.prompt, JOB.negative_prompt, "job")
    wanted = pipe.encode_prompt(JOB.prompt, negative_prompt=JOB.negative_prompt)
    names = ("embeds", "negative_embeds", "pooled", "negative_pooled")
    return {name: torch.equal(getattr(told, name), each) for name, each in zip(names, wanted, strict=True)}


def long_text() -> dict[str, object]:
    """How many chunks of 77 tokens a prompt with a decimal number takes, and whether one weight in the last leaves the first."""
    encoding = TextEncoding(load_pipeline(OPTIONS))
    told = [encoding.encode(LONG + end, "", "job").embeds for end in ("the sea", "(the sea:1.3)")]
    return {
        "chunks": [embeds.shape[1] / 77 for embeds in told],
        "firstIsLeft": torch.allclose(told[0][:, :77], told[1][:, :77], atol=1e-5),
        "lastIsWeighted": not torch.allclose(told[0][:, 77:], told[1][:, 77:], atol=1e-3),
    }


def last_noise() -> dict[str, float]:
    """The noise of a usual job's last step, by solver."""
    config = load_pipeline(OPTIONS).scheduler.config
    found = {}
    for name in SOLVERS:
        solver = solver_named(name, config)
        solver.set_timesteps(USUAL_STEPS)
        kept = solver.alphas_cumprod[int(solver.timesteps[-1])]
        found[name] = float(((1 - kept) / kept).sqrt())
    return found


def main() -> None:
    quieten()
    sdxl.write(FOLDER)
    Image.linear_gradient("L").convert("RGB").resize((JOB.width, JOB.height)).save(PICTURE)
    with holding(OpenGates()), torch.no_grad():
        facts = {
            "text": text(),
            "longText": long_text(),
            "lastNoise": last_noise(),
            "asBare": torch.equal(drawn_by(bare(JOB), JOB), drawn(JOB)),
            "drawnOver": drawn_over(),
            "adapters": {type: adapted(type) for type in FILES},
        }
    print(json.dumps(facts))


main()
