"""A bare loop over diffusers' pipelines: the same models, precision, layout and compilation as the program, and nothing else.

One JSON object a line on stdin asks for a run (`family`, `images`, `width`, `height`, `frames`, `steps`, `start`: a picture),
one on stdout answers: `seconds`, to the last latent. Without a family it lets go of its models. Ends with stdin.
"""

import argparse
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import torch
from diffusers import (
    AutoencoderKLWan,
    StableDiffusionXLPipeline,
    UniPCMultistepScheduler,
    WanPipeline,
    WanTransformer3DModel,
    WanVACEPipeline,
    WanVACETransformer3DModel,
)
from PIL import Image

from ourvidz_engine.libraries import quieten
from ourvidz_engine.sdxl.configs import generated_configs
from ourvidz_engine.wan.installed import VACE_FOLDER

PROMPT, NEGATIVE = "a lighthouse at dusk", "blurry"
GUIDANCE, SHIFT = 6.0, 5.0
TOKENS = 512
#: "Nothing is known of this frame", and the masks for a frame that is kept and for one that is made.
UNKNOWN, KEEP, MAKE = (128, 128, 128), 0, 255


class Loop(Protocol):
    def run(self, ask: dict[str, Any]) -> None: ...


class Sdxl:
    def __init__(self, given: argparse.Namespace) -> None:
        beside = given.sdxl_checkpoint.parent / "config"
        config = beside if beside.is_dir() else generated_configs(given.cache_dir)
        dtype = torch.float16 if given.device == "cuda" else torch.float32
        pipe = StableDiffusionXLPipeline.from_single_file(
            str(given.sdxl_checkpoint),
            config=str(config),
            local_files_only=True,
            torch_dtype=dtype,
            add_watermarker=False,
        ).to(given.device)
        pipe.scheduler = UniPCMultistepScheduler.from_config(pipe.scheduler.config)
        if given.device == "cuda":
            pipe.unet.to(memory_format=torch.channels_last)
        if given.compile:
            pipe.unet.compile_repeated_blocks(fullgraph=True)
        pipe.set_progress_bar_config(disable=True)
        self._pipe = pipe

    def run(self, ask: dict[str, Any]) -> None:
        self._pipe(
            PROMPT,
            negative_prompt=NEGATIVE,
            num_images_per_prompt=ask["images"],
            width=ask["width"],
            height=ask["height"],
            num_inference_steps=ask["steps"],
            guidance_scale=GUIDANCE,
            generator=[torch.Generator("cpu").manual_seed(index) for index in range(ask["images"])],
            output_type="latent",
        )


class Wan:
    def __init__(self, given: argparse.Namespace) -> None:
        folder = given.models_dir / VACE_FOLDER
        self._device = given.device
        self._dtype = torch.bfloat16 if given.device == "cuda" else torch.float32
        vace = WanVACETransformer3DModel.from_pretrained(
            folder / "transformer", torch_dtype=self._dtype, local_files_only=True
        ).to(given.device)
        with torch.device("meta"):
            config = {key: each for key, each in vace.config.items() if not key.startswith(("_", "vace_"))}
            plain = WanTransformer3DModel(**config)
        plain.load_state_dict(vace.state_dict(), strict=False, assign=True)
        plain.rope = vace.rope
        plain.eval()
        if given.compile:
            for model in (vace, plain):
                model.compile_repeated_blocks(fullgraph=True)
        vae = AutoencoderKLWan.from_pretrained(
            folder / "vae", torch_dtype=torch.float32, local_files_only=True
        ).to(given.device)
        scheduler = UniPCMultistepScheduler.from_pretrained(
            folder / "scheduler", flow_shift=SHIFT, local_files_only=True
        )
        shared = {"tokenizer": None, "text_encoder": None, "vae": vae, "scheduler": scheduler}
        self._plain = WanPipeline(**shared, transformer=plain)
        self._vace = WanVACEPipeline(**shared, transformer=vace)
        # What a text says changes no time.
        shape = (1, TOKENS, vace.config.text_dim)
        self._text = [torch.randn(shape).to(given.device, self._dtype) for _ in range(2)]

    def run(self, ask: dict[str, Any]) -> None:
        start, size = ask["start"], (ask["width"], ask["height"])
        pipe = self._plain if start is None else self._vace
        reference: dict[str, Any] = {}
        if start is not None:
            others = ask["frames"] - 1
            with Image.open(start) as picture:
                first = picture.convert("RGB")
            reference["video"] = [first, *[Image.new("RGB", size, UNKNOWN)] * others]
            reference["mask"] = [Image.new("L", size, KEEP), *[Image.new("L", size, MAKE)] * others]
        pipe.set_progress_bar_config(disable=True)
        pipe(
            prompt_embeds=self._text[0],
            negative_prompt_embeds=self._text[1],
            width=ask["width"],
            height=ask["height"],
            num_frames=ask["frames"],
            num_inference_steps=ask["steps"],
            guidance_scale=GUIDANCE,
            generator=torch.Generator("cpu").manual_seed(0),
            output_type="latent",
            **reference,
        )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cuda", "cpu"], required=True)
    parser.add_argument("--models-dir", type=Path, required=True)
    parser.add_argument("--sdxl-checkpoint", type=Path, required=True)
    parser.add_argument("--cache-dir", type=Path, required=True)
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    given = parse()
    quieten()
    torch.set_grad_enabled(False)
    torch._dynamo.config.recompile_limit = 64
    makers = {"sdxl": Sdxl, "wan": Wan}
    loops: dict[str, Loop] = {}
    for line in sys.stdin:
        ask = json.loads(line)
        family = ask["family"]
        if family not in loops:
            # One family at a time on the card, or none.
            loops.clear()
            gc.collect()
            if given.device == "cuda":
                torch.cuda.empty_cache()
            if family is not None:
                loops[family] = makers[family](given)
        since = time.perf_counter()
        if family is not None:
            loops[family].run(ask)
        if given.device == "cuda":
            torch.cuda.synchronize()
        answers.write(json.dumps({"seconds": time.perf_counter() - since}) + "\n")


main()
