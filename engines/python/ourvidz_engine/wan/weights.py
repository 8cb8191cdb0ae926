"""WAN's parts from their folders; why not by `from_pretrained` is told in the module `weights` above."""

from pathlib import Path
from typing import TypeVar

import torch
from diffusers.models.modeling_utils import ModelMixin
from diffusers.models.transformers.transformer_wan import WanRotaryPosEmbed
from transformers import UMT5EncoderModel

from ..weights import fill_diffusers, fill_transformers, whole

M = TypeVar("M", bound=ModelMixin)


def read_model(kind: type[M], folder: Path, dtype: torch.dtype, device: str) -> M:
    """A model of diffusers: a transformer or the VAE."""
    model = fill_diffusers(kind, folder, dtype, device)
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, WanRotaryPosEmbed):
                # Computed, not loaded: it has to be made anew outside the meta device.
                rope = WanRotaryPosEmbed(child.attention_head_dim, child.patch_size, child.max_seq_len)
                setattr(parent, name, rope.to(device))
    return whole(model, folder)


def read_text_encoder(folder: Path, dtype: torch.dtype, device: str) -> UMT5EncoderModel:
    return whole(fill_transformers(UMT5EncoderModel, folder, dtype, device), folder)
