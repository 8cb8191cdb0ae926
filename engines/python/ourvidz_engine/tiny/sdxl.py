"""A tiny SDXL as a single file in the original layout, with its configuration beside it, and tiny IP-Adapters."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.models.embeddings import IPAdapterPlusImageProjection
from safetensors.torch import save_file
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from ..sdxl.adapters import ENCODER, PLAIN, PLUS
from ..sdxl.configs import SDXL, Configs, write_configs
from .adapter_keys import attention, plain_projection, resampler
from .original_keys import original_checkpoint

CHECKPOINT = Path("sdxl-lustify/lustifySDXLNSFWSFW_v20.safetensors")
TEXT = {"vocab_size": 2 * 256 + 2, "num_hidden_layers": 2, "num_attention_heads": 2}


def resized(**changes: Mapping[str, Any]) -> Configs:
    """The same topology in other sizes."""
    return {part: {**copy.deepcopy(dict(config)), **changes.get(part, {})} for part, config in SDXL.items()}


CONFIGS = resized(
    unet={
        "sample_size": 8,
        "block_out_channels": [16, 32, 64],
        "attention_head_dim": [2, 4, 8],
        "transformer_layers_per_block": [1, 1, 2],
        "norm_num_groups": 8,
        "cross_attention_dim": 16 + 24,
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 24,
    },
    vae={"block_out_channels": [8, 8, 16, 16], "norm_num_groups": 4},
    text_encoder={**TEXT, "hidden_size": 16, "intermediate_size": 32, "projection_dim": 16},
    text_encoder_2={**TEXT, "hidden_size": 24, "intermediate_size": 48, "projection_dim": 24},
)
IMAGE_WIDTH = 16
PLUS_TOKENS = 8


def write(models_dir: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        unet = UNet2DConditionModel.from_config(CONFIGS["unet"])
        _write_checkpoint(models_dir, unet)
        _write_adapters(models_dir / "ip-adapter", unet)


def _write_checkpoint(models_dir: Path, unet: UNet2DConditionModel) -> None:
    file = models_dir / CHECKPOINT
    file.parent.mkdir(parents=True)
    vae = AutoencoderKL.from_config(CONFIGS["vae"])
    clip = CLIPTextModel(CLIPTextConfig(**CONFIGS["text_encoder"]))
    open_clip = CLIPTextModelWithProjection(CLIPTextConfig(**CONFIGS["text_encoder_2"]))
    weights = original_checkpoint(
        *(model.state_dict() for model in (unet, vae, clip, open_clip)),
        layers=CONFIGS["unet"]["layers_per_block"],
    )
    save_file({key: each.to(torch.float16) for key, each in weights.items()}, file)
    # No merges: every byte is a token.
    write_configs(file.parent / "config", CONFIGS, [])


def _write_adapters(folder: Path, unet: UNet2DConditionModel) -> None:
    config = CLIPVisionConfig(
        hidden_size=IMAGE_WIDTH,
        intermediate_size=32,
        projection_dim=IMAGE_WIDTH,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
    )
    encoder = folder / ENCODER
    encoder.mkdir(parents=True)
    (encoder / "config.json").write_text(json.dumps(config.to_dict(), indent=1))
    save_file(CLIPVisionModelWithProjection(config).state_dict(), encoder / "model.safetensors")
    (folder / PLAIN.parent).mkdir()
    width = CONFIGS["unet"]["cross_attention_dim"]
    # Heads are 64 wide, so there is one.
    plus = IPAdapterPlusImageProjection(IMAGE_WIDTH, width, hidden_dims=64, heads=1, num_queries=PLUS_TOKENS)
    save_file({**plain_projection(IMAGE_WIDTH, width), **attention(unet)}, folder / PLAIN)
    save_file({**resampler(plus), **attention(unet)}, folder / PLUS)
