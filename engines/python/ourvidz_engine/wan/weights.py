"""Reads weights into models without `from_pretrained`, which is not safe beside a lane that computes.

While it reads, `from_pretrained` changes torch's default dtype and patches `nn.Module` for the whole process: what another
thread makes at that moment may be of the wrong dtype or without storage, and the same seed may give another video. Here models
are built on the meta device, which holds for this thread alone, and filled tensor by tensor on their device.
"""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

import torch
from diffusers.models.modeling_utils import ModelMixin
from diffusers.models.transformers.transformer_wan import WanRotaryPosEmbed
from safetensors import SafetensorError, safe_open
from transformers import UMT5Config, UMT5EncoderModel

from ..failures import EngineFailure

M = TypeVar("M", bound=ModelMixin)

SINGLE_FILES = ("diffusion_pytorch_model.safetensors", "model.safetensors")


def weight_files(folder: Path) -> list[str]:
    """Names of the files that hold a model's weights, whether they are there or not."""
    for single in SINGLE_FILES:
        index = folder / f"{single}.index.json"
        if index.is_file():
            return sorted(set(json.loads(index.read_text())["weight_map"].values()))
    return [name for name in SINGLE_FILES if (folder / name).is_file()] or ["*.safetensors"]


def read_model(kind: type[M], folder: Path, dtype: torch.dtype, device: str) -> M:
    """A model of diffusers. What it wants in fp32 (time embedding, norms, shift tables) stays so, whatever the dtype."""
    with torch.device("meta"):
        model = kind.from_config(kind.load_config(folder, local_files_only=True))
    in_fp32 = set(kind._keep_in_fp32_modules or ())
    state = {
        name: _cast(tensor, torch.float32 if in_fp32.intersection(name.split(".")) else dtype)
        for name, tensor in _tensors(folder, device)
    }
    model.load_state_dict(state, strict=False, assign=True)
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, WanRotaryPosEmbed):
                # Computed, not loaded: it has to be made anew outside the meta device.
                rope = WanRotaryPosEmbed(child.attention_head_dim, child.patch_size, child.max_seq_len)
                setattr(parent, name, rope.to(device))
    return _whole(model, folder)


def read_text_encoder(folder: Path, dtype: torch.dtype, device: str) -> UMT5EncoderModel:
    config = UMT5Config.from_pretrained(folder, local_files_only=True)
    with torch.device("meta"):
        model = UMT5EncoderModel(config)
    state = {name: _cast(tensor, dtype) for name, tensor in _tensors(folder, device)}
    # One table under two names, of which a file has either or both.
    state.setdefault("shared.weight", state.pop("encoder.embed_tokens.weight", None))
    model.load_state_dict(
        {name: tensor for name, tensor in state.items() if tensor is not None}, strict=False, assign=True
    )
    model.encoder.embed_tokens.weight = model.shared.weight
    return _whole(model, folder)


def _tensors(folder: Path, device: str) -> Iterator[tuple[str, torch.Tensor]]:
    for name in weight_files(folder):
        try:
            with safe_open(folder / name, framework="pt", device=device) as opened:
                # In the order in which they lie on the disk.
                for key in opened.offset_keys():
                    tensor = opened.get_tensor(key)
                    # On the CPU it is a view of the file, and its place there would decide which kernels sum it up how.
                    yield key, tensor.clone() if tensor.device.type == "cpu" else tensor
        except (SafetensorError, OSError) as error:
            raise EngineFailure("model_missing", f"the weights in {folder / name} cannot be read") from error


def _cast(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _whole(model: torch.nn.Module, folder: Path):
    named = chain(model.named_parameters(), model.named_buffers())
    absent = [name for name, tensor in named if tensor.is_meta]
    if absent:
        raise EngineFailure("model_missing", f"{folder} lacks {len(absent)} tensors, {absent[0]} among them")
    return model.requires_grad_(False).eval()
