"""Weights of SDXL under the names of the original code, as single-file checkpoints have them.

The way back of `diffusers.loaders.single_file_utils`, whose conversion is thereby run for real when a checkpoint is loaded.
"""

import re
from collections.abc import Mapping

import torch
from diffusers.loaders.single_file_utils import DIFFUSERS_TO_LDM_MAPPING

Weights = Mapping[str, torch.Tensor]

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
OPEN_CLIP = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}


def original_checkpoint(
    unet: Weights, vae: Weights, clip: Weights, open_clip: Weights, layers: int
) -> dict[str, torch.Tensor]:
    """`layers` is the UNet's `layers_per_block`."""
    parts = {
        "model.diffusion_model.": original_unet(unet, layers),
        "first_stage_model.": original_vae(vae),
        "conditioner.embedders.0.transformer.": {
            f"text_model.{_bare(key)}": each for key, each in clip.items()
        },
        "conditioner.embedders.1.model.": original_open_clip(open_clip),
    }
    return {prefix + key: each.contiguous() for prefix, part in parts.items() for key, each in part.items()}


def original_unet(weights: Weights, layers: int) -> dict[str, torch.Tensor]:
    mapping = DIFFUSERS_TO_LDM_MAPPING["unet"]
    fixed = {**mapping["layers"], **mapping["addition_embed_type"]}
    with_attention = {
        int(key.split(".")[1]) for key in weights if re.match(r"up_blocks\.\d+\.attentions", key)
    }

    def renamed(key: str) -> str:
        if key in fixed:
            return fixed[key]
        if key.startswith("mid_block."):
            _, kind, number, rest = key.split(".", 3)
            return f"middle_block.{1 if kind == 'attentions' else 2 * int(number)}.{_resnet(kind, rest)}"
        way, block, kind, number, rest = key.split(".", 4)
        place = int(block) * (layers + 1) + int(number)
        last = int(block) * (layers + 1) + layers
        match way, kind:
            case "down_blocks", "downsamplers":
                return f"input_blocks.{last + 1}.0.{rest.replace('conv', 'op')}"
            case "up_blocks", "upsamplers":
                return f"output_blocks.{last}.{2 if int(block) in with_attention else 1}.{rest}"
            case "down_blocks", _:
                return f"input_blocks.{place + 1}.{int(kind == 'attentions')}.{_resnet(kind, rest)}"
            case _:
                return f"output_blocks.{place}.{int(kind == 'attentions')}.{_resnet(kind, rest)}"

    return {renamed(key): each for key, each in weights.items()}


def original_vae(weights: Weights) -> dict[str, torch.Tensor]:
    fixed = DIFFUSERS_TO_LDM_MAPPING["vae"]
    blocks = 1 + max(int(key.split(".")[2]) for key in weights if key.startswith("decoder.up_blocks."))
    converted = {}
    for key, each in weights.items():
        name = fixed.get(key, key).replace("conv_shortcut", "nin_shortcut")
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
        name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
        name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
        # Counted from the other end.
        name = re.sub(
            r"up_blocks\.(\d)\.resnets", lambda found: f"up.{blocks - 1 - int(found[1])}.block", name
        )
        name = re.sub(
            r"up_blocks\.(\d)\.upsamplers\.0", lambda found: f"up.{blocks - 1 - int(found[1])}.upsample", name
        )
        if "mid_block.attentions.0" in name:
            name = _replaced(name.replace("mid_block.attentions.0", "mid.attn_1"), VAE_ATTENTION)
            # Convolutions of one pixel, originally.
            each = each[:, :, None, None] if each.ndim == 2 else each
        converted[name] = each
    return converted


def original_open_clip(weights: Weights) -> dict[str, torch.Tensor]:
    """The three projections of attention are one matrix there."""
    fixed = {_bare(key): name for key, name in DIFFUSERS_TO_LDM_MAPPING["openclip"]["layers"].items()}
    converted = {}
    for key, each in ((_bare(key), each) for key, each in weights.items()):
        if key == "text_projection.weight":
            converted["text_projection"] = each.T
        elif key in fixed:
            converted[fixed[key]] = each
        else:
            name = _replaced(key.replace("encoder.layers.", "transformer.resblocks."), OPEN_CLIP).replace(
                "self_attn", "attn"
            )
            found = re.match(r"(.*\.attn)\.[kv]_proj\.", name)
            if found:
                continue
            if ".q_proj." in name:
                both = [weights[_key_like(weights, key.replace("q_proj", f"{other}_proj"))] for other in "kv"]
                name = name.replace(".q_proj.", ".in_proj_")
                each = torch.cat([each, *both])
            converted[name] = each
    return converted


def _key_like(weights: Weights, bare: str) -> str:
    return bare if bare in weights else f"text_model.{bare}"


def _bare(key: str) -> str:
    """transformers has flattened one of the two text encoders."""
    return key.removeprefix("text_model.")


def _resnet(kind: str, rest: str) -> str:
    return _replaced(rest, RESNET) if kind == "resnets" else rest


def _replaced(key: str, names: Mapping[str, str]) -> str:
    for new, old in names.items():
        key = key.replace(new, old)
    return key
