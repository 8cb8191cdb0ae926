"""Reads models from folders without `from_pretrained`, which changes torch's default dtype for the whole process while it
reads: a lane that computes beside it would get other numbers."""

from pathlib import Path
from typing import TypeVar

import torch
from diffusers.models.modeling_utils import ModelMixin
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import PreTrainedModel

from ..failures import EngineFailure

M = TypeVar("M", bound=torch.nn.Module)
Clip = TypeVar("Clip", bound=PreTrainedModel)
Diffusers = TypeVar("Diffusers", bound=ModelMixin)

NAMES = ("diffusion_pytorch_model", "model")


def precision(device: str) -> torch.dtype:
    """Half precision where the hardware has it."""
    return torch.float16 if device == "cuda" else torch.float32


def read_diffusers(kind: type[Diffusers], folder: Path, dtype: torch.dtype, device: str) -> Diffusers:
    with torch.device("meta"):
        model = kind.from_config(kind.load_config(folder, local_files_only=True))
    return _filled(model, folder, dtype, device)


def read_clip(kind: type[Clip], folder: Path, dtype: torch.dtype, device: str) -> Clip:
    """A text or an image encoder."""
    config = kind.config_class.from_pretrained(folder, local_files_only=True)
    config.dtype = None
    with torch.device("meta"):
        model = kind(config)
    for module in model.modules():
        # Counted, not loaded.
        if isinstance(getattr(module, "position_ids", None), torch.Tensor):
            module.position_ids = torch.arange(module.position_ids.shape[-1], device=device)[None]
    return _filled(model, folder, dtype, device)


def weight_file(folder: Path) -> Path | None:
    """The weights in a folder, whole or in half precision; None if they are not there, or in several files."""
    names = (f"{name}{variant}.safetensors" for name in NAMES for variant in ("", ".fp16"))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _filled(model: M, folder: Path, dtype: torch.dtype, device: str) -> M:
    file = weight_file(folder)
    if file is None:
        raise EngineFailure(
            "model_missing", f"{folder} holds no weights of a kind that is read here (safetensors, one file)"
        )
    try:
        tensors = load_file(file, device=device)
    except (SafetensorError, OSError) as error:
        raise EngineFailure("model_missing", f"the weights in {file} cannot be read") from error
    cast = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in tensors.items()
    }
    absent = model.load_state_dict(cast, strict=False, assign=True).missing_keys
    if absent:
        raise EngineFailure("model_missing", f"{file} lacks {len(absent)} tensors, {absent[0]} among them")
    return model.requires_grad_(False).eval()
