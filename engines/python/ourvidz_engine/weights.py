"""Reads weights into models without `from_pretrained`, which is not safe beside a lane that computes.

While it reads, `from_pretrained` changes torch's default dtype and patches `nn.Module` for the whole process: what another
thread makes at that moment may be of the wrong dtype or without storage, and the same seed may give another video. Here models
are built on the meta device, which holds for this thread alone, and filled tensor by tensor on their device.

What a model computes when it is made (rotary tables, numbers of positions) is no weight, and still on the meta device after
a `fill`: who fills makes it anew, then asks for the `whole` model.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TypeVar

import torch
from diffusers.models.modeling_utils import ModelMixin
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedModel

from .failures import EngineFailure, may_pass
from .there import is_file

M = TypeVar("M", bound=torch.nn.Module)
Diffusers = TypeVar("Diffusers", bound=ModelMixin)
Transformers = TypeVar("Transformers", bound=PreTrainedModel)

CONFIGURATION = "config.json"
#: Of diffusers and of transformers.
STEMS = ("diffusion_pytorch_model", "model")
#: What may follow the stem: nothing, or the name of another precision.
ONE_VARIANT = ("",)


def weight_files(folder: Path, variants: tuple[str, ...] = ONE_VARIANT) -> list[str]:
    """Names of the files that hold a model's weights: those of an index, whether they are there or not, or one; else none."""
    names = [f"{stem}{variant}.safetensors" for stem in STEMS for variant in variants]
    indices = (folder / f"{name}.index.json" for name in names)
    ways = [_shards(index) for index in indices if is_file(index)]
    ways += [[name] for name in names if is_file(folder / name)]
    complete = (files for files in ways if all(is_file(folder / file) for file in files))
    return next(complete, ways[0] if ways else [])


def is_whole(file: Path) -> bool:
    """Whether a file of weights is there to its last byte, as its header tells; nothing more of it is read."""
    try:
        with reading(file), safe_open(file, framework="pt"):
            return True
    except EngineFailure:
        return False


def is_whole_model(folder: Path, variants: tuple[str, ...] = ONE_VARIANT) -> bool:
    """Whether a model's configuration and all files of its weights are there; a download may be under way."""
    try:
        names = weight_files(folder, variants)
        with reading(folder / CONFIGURATION):
            json.loads((folder / CONFIGURATION).read_text())
    except (EngineFailure, ValueError):
        return False
    return bool(names) and all(is_whole(folder / name) for name in names)


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Around what reads a file of weights: raises `model_missing` where it is not there or broken."""
    try:
        # Of every file that it cannot open safetensors says that it is not there; the system says why.
        file.open("rb").close()
        yield
    except (SafetensorError, OSError) as error:
        if may_pass(error):
            raise
        raise _unreadable(file) from error


def fill_diffusers(
    kind: type[Diffusers],
    folder: Path,
    dtype: torch.dtype,
    device: str,
    variants: tuple[str, ...] = ONE_VARIANT,
) -> Diffusers:
    """
    What the model wants in fp32 (time embedding, norms, shift tables) stays so, whatever the dtype. Attention may be under
    the names that diffusers once gave it.
    """
    with torch.device("meta"):
        model = kind.from_config(kind.load_config(folder, local_files_only=True))
    in_fp32 = frozenset(kind._keep_in_fp32_modules or ())
    state = _state(folder, dtype, device, variants, in_fp32)
    model._fix_state_dict_keys_on_load(state)
    model.load_state_dict(state, strict=False, assign=True)
    return model


def fill_transformers(
    kind: type[Transformers],
    folder: Path,
    dtype: torch.dtype,
    device: str,
    variants: tuple[str, ...] = ONE_VARIANT,
) -> Transformers:
    """Of a table under two names, a file may have either or both."""
    config = kind.config_class.from_pretrained(folder, local_files_only=True)
    # By the dtype in it, a model would build those within it under another default dtype, the whole process's.
    config.dtype = None
    with torch.device("meta"):
        model = kind(config)
    state = _state(folder, dtype, device, variants)
    absent = model.load_state_dict(state, strict=False, assign=True).missing_keys
    model.tie_weights(missing_keys=set(absent), recompute_mapping=False)
    return model


def whole(model: M, folder: Path) -> M:
    """The model, ready to compute. Raises `model_missing` if a tensor has not come."""
    named = chain(model.named_parameters(), model.named_buffers())
    absent = [name for name, tensor in named if tensor.is_meta]
    if absent:
        raise EngineFailure("model_missing", f"{folder} lacks {len(absent)} tensors, {absent[0]} among them")
    return model.requires_grad_(False).eval()


def _shards(index: Path) -> list[str]:
    try:
        with reading(index):
            return sorted(set(json.loads(index.read_text())["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(index) from error


def _state(
    folder: Path,
    dtype: torch.dtype,
    device: str,
    variants: tuple[str, ...],
    in_fp32: frozenset[str] = frozenset(),
) -> dict[str, torch.Tensor]:
    return {
        name: _own(tensor, torch.float32 if in_fp32.intersection(name.split(".")) else dtype, device)
        for name, tensor in _tensors(folder, variants)
    }


def _tensors(folder: Path, variants: tuple[str, ...]) -> Iterator[tuple[str, torch.Tensor]]:
    names = weight_files(folder, variants)
    if not names:
        raise EngineFailure(
            "model_missing", f"{folder} holds no weights of a kind that is read here (safetensors)"
        )
    for name in names:
        # On the host: on a card, every tensor would come by way of pinned memory that is never given back.
        with reading(folder / name), safe_open(folder / name, framework="pt") as opened:
            # In the order in which they lie on the disk.
            for key in opened.offset_keys():
                yield key, opened.get_tensor(key)


def _own(tensor: torch.Tensor, dtype: torch.dtype, device: str) -> torch.Tensor:
    """A copy, converted on the host and then moved: converting on the card would need both at once, which no budget has.

    As it comes it is a view of the file, and its place there would decide which kernels of a CPU sum it up how.
    """
    wanted = tensor.to(dtype) if tensor.is_floating_point() else tensor
    return wanted.to(device, copy=wanted is tensor)


def _unreadable(file: Path) -> EngineFailure:
    return EngineFailure("model_missing", f"the weights in {file} cannot be read")
