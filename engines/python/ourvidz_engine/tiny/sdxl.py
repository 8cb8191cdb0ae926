"""A tiny SDXL as a single file in the original layout, with its configuration beside it, and tiny IP-Adapters."""

import json
from pathlib import Path

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
from ..sdxl.configs import resized, write_configs
from .original_keys import original_checkpoint

CHECKPOINT = Path("sdxl-lustify/lustifySDXLNSFWSFW_v20.safetensors")
TEXT = {"vocab_size": 2 * 256 + 2, "num_hidden_layers": 2, "num_attention_heads": 2}
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
    vae={"sample_size": 64, "block_out_channels": [8, 8, 16, 16], "norm_num_groups": 4},
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
    save_file({**_plain_projection(), **_attention(unet)}, folder / PLAIN)
    save_file({**_resampler(), **_attention(unet)}, folder / PLUS)


def _plain_projection() -> dict[str, torch.Tensor]:
    width = CONFIGS["unet"]["cross_attention_dim"]
    return {
        "image_proj.proj.weight": torch.randn(4 * width, IMAGE_WIDTH),
        "image_proj.proj.bias": torch.randn(4 * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }


def _resampler() -> dict[str, torch.Tensor]:
    """The names of the original code; heads are 64 wide, so there is one."""
    width = CONFIGS["unet"]["cross_attention_dim"]
    layer = IPAdapterPlusImageProjection(IMAGE_WIDTH, width, hidden_dims=64, heads=1, num_queries=PLUS_TOKENS)
    tensors: dict[str, torch.Tensor] = {}
    for key, each in layer.state_dict().items():
        match key.split("."):
            case "layers", number, ("ln0" | "ln1") as norm, rest:
                tensors[f"layers.{number}.0.norm{int(norm[-1]) + 1}.{rest}"] = each
            case "layers", number, "attn", "to_q", _:
                tensors[f"layers.{number}.0.to_q.weight"] = each
            case "layers", number, "attn", "to_k", _:
                value = layer.layers[int(number)].attn.to_v.weight
                tensors[f"layers.{number}.0.to_kv.weight"] = torch.cat([each, value])
            case "layers", _, "attn", "to_v", _:
                pass
            case "layers", number, "attn", "to_out", _, _:
                tensors[f"layers.{number}.0.to_out.weight"] = each
            case "layers", number, "ff", "0", rest:
                tensors[f"layers.{number}.1.0.{rest}"] = each
            case "layers", number, "ff", "1", "net", *place, "weight":
                tensors[f"layers.{number}.1.{1 if place[-1] == 'proj' else 3}.weight"] = each
            case _:
                tensors[key] = each
    return {f"image_proj.{key}": each.detach().contiguous() for key, each in tensors.items()}


def _attention(unet: UNet2DConditionModel) -> dict[str, torch.Tensor]:
    """For each cross attention in order, numbered with the self attentions between them."""
    tensors = {}
    for number, name in enumerate(unet.attn_processors):
        if name.endswith("attn2.processor"):
            attention = unet.get_submodule(name.removesuffix(".processor"))
            for kind in "kv":
                tensors[f"ip_adapter.{number}.to_{kind}_ip.weight"] = torch.randn_like(attention.to_k.weight)
    return tensors
