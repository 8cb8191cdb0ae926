"""What SDXL reads from folders; why not by `from_pretrained` is told in the module `weights` above."""

from pathlib import Path
from typing import TypeVar

import torch
from diffusers.models.modeling_utils import ModelMixin
from transformers import PreTrainedModel

from ..weights import fill_diffusers, fill_transformers, whole

Clip = TypeVar("Clip", bound=PreTrainedModel)
Diffusers = TypeVar("Diffusers", bound=ModelMixin)

#: The weights whole, or in half precision where only these are there.
VARIANTS = ("", ".fp16")


def precision(device: str) -> torch.dtype:
    """Half precision where the hardware has it."""
    return torch.float16 if device == "cuda" else torch.float32


def read_diffusers(kind: type[Diffusers], folder: Path, dtype: torch.dtype, device: str) -> Diffusers:
    return whole(fill_diffusers(kind, folder, dtype, device, VARIANTS), folder)


def read_clip(kind: type[Clip], folder: Path, dtype: torch.dtype, device: str) -> Clip:
    """An image encoder."""
    model = fill_transformers(kind, folder, dtype, device, VARIANTS)
    for module in model.modules():
        # Counted, not loaded.
        if isinstance(getattr(module, "position_ids", None), torch.Tensor):
            module.position_ids = torch.arange(module.position_ids.shape[-1], device=device)[None]
    return whole(model, folder)
