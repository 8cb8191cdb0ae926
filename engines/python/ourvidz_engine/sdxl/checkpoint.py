"""SDXL from its checkpoint, onto the device."""

import logging
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline
from diffusers.loaders.single_file_utils import SingleFileComponentError
from safetensors import SafetensorError

from ..compiling import compile_blocks
from ..failures import EngineFailure, may_pass
from ..gates import add_gates
from ..options import Options
from ..there import is_file, is_folder
from ..weights import is_whole_model
from .configs import generated_configs
from .weights import VARIANTS, precision, read_diffusers

log = logging.getLogger(__name__)

#: The same VAE with smaller activations, for half precision: madebyollin/sdxl-vae-fp16-fix.
SAFE_VAE = "sdxl-vae-fp16-fix"


def require_checkpoint(options: Options) -> None:
    """Raises `model_missing` for a file that is not there."""
    path = options.sdxl_checkpoint
    if not is_file(path):
        raise EngineFailure(
            "model_missing",
            f"the SDXL checkpoint is not at {path}; `ourvidz models check` tells what to do",
        )


def load_pipeline(options: Options) -> StableDiffusionXLPipeline:
    """Warm, gated, and compiled if that is asked for. Only its parts are used: each job has a pipeline of its own over them."""
    require_checkpoint(options)
    dtype = precision(options.device)
    config = _config_folder(options)
    try:
        pipe = _from_single_file(options, config, dtype)
    except (SafetensorError, SingleFileComponentError, OSError, NotImplementedError) as error:
        if may_pass(error):
            raise
        # The last is torch's, for a tensor that never came.
        raise _broken(options) from error
    for module in (pipe.unet, pipe.vae, pipe.text_encoder, pipe.text_encoder_2):
        if any(tensor.is_meta for tensor in module.parameters()):
            raise _broken(options)
        module.requires_grad_(False).eval().to(options.device)
    if options.device == "cuda":
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
    _gate(pipe)
    if options.compiler is not None:
        compile_blocks(pipe.unet, options.compiler)
    return pipe


def _broken(options: Options) -> EngineFailure:
    what = f"{options.sdxl_checkpoint} is no whole SDXL checkpoint"
    return EngineFailure("model_missing", f"{what}; `ourvidz models check` tells what to do")


def _config_folder(options: Options) -> Path:
    """A checkpoint of another shape brings its configuration along, in a folder `config` beside it."""
    beside = options.sdxl_checkpoint.parent / "config"
    return beside if is_file(beside / "model_index.json") else generated_configs(options.cache_dir)


def _from_single_file(options: Options, config: Path, dtype: torch.dtype) -> StableDiffusionXLPipeline:
    file = str(options.sdxl_checkpoint)
    given: dict[str, Any] = {"config": str(config), "local_files_only": True}
    vae = _safe_vae(options, dtype) or AutoencoderKL.from_single_file(
        file, subfolder="vae", torch_dtype=torch.float32, **given
    )
    return StableDiffusionXLPipeline.from_single_file(
        file, torch_dtype=dtype, vae=_in_safe_precision(vae, dtype), add_watermarker=False, **given
    )


def _safe_vae(options: Options, dtype: torch.dtype) -> AutoencoderKL | None:
    """None where it is not installed, or not whole: the checkpoint's own does its work."""
    folder = options.models_dir / SAFE_VAE
    if dtype == torch.float32 or not is_folder(folder):
        return None
    if not is_whole_model(folder, VARIANTS):
        log.warning("%s is not whole: the checkpoint's own VAE decodes, in fp32", folder)
        return None
    return read_diffusers(AutoencoderKL, folder, dtype, options.device)


def _in_safe_precision(vae: AutoencoderKL, dtype: torch.dtype) -> AutoencoderKL:
    """SDXL's own VAE overflows in half precision, and says so; it stays in fp32 rather than be cast for each job."""
    return vae.to(torch.float32 if vae.config.force_upcast else dtype)


def _gate(pipe: StableDiffusionXLPipeline) -> None:
    """A block of the UNet takes tens of milliseconds; attention, in six images at once, as long as a block of one."""
    unet = pipe.unet
    blocks = [*unet.down_blocks, unet.mid_block, *unet.up_blocks]
    add_gates("unet", blocks)
    add_gates("unet", [attention for block in blocks for attention in getattr(block, "attentions", ())])
    add_gates("text_encoder", [pipe.text_encoder, pipe.text_encoder_2])
    add_gates("vae.encoder", [pipe.vae.encoder])
    add_gates("vae.decoder", [pipe.vae.decoder])
