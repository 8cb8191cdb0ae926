"""Qwen2 from its folder; why not by `from_pretrained` is told in the module `weights`."""

from pathlib import Path

import torch
from transformers import GenerationConfig, Qwen2ForCausalLM
from transformers.models.qwen2.modeling_qwen2 import Qwen2RotaryEmbedding

from .there import is_file
from .weights import fill_transformers, weight_files, whole

GENERATION = "generation_config.json"


def is_installed(folder: Path) -> bool:
    """A download that was broken off lacks files that the index names."""
    files = weight_files(folder)
    return bool(files) and all(is_file(folder / name) for name in ("config.json", *files))


def read_language_model(folder: Path, dtype: torch.dtype, device: str) -> Qwen2ForCausalLM:
    model = fill_transformers(Qwen2ForCausalLM, folder, dtype, device)
    # Computed, not loaded, on the CPU first as `from_pretrained` does: the last bit of a power depends on the device.
    model.model.rotary_emb = Qwen2RotaryEmbedding(model.config).to(device)
    if is_file(folder / GENERATION):
        model.generation_config = GenerationConfig.from_pretrained(folder, local_files_only=True)
    choose_the_likeliest(model.generation_config)
    return whole(model, folder)


def choose_the_likeliest(config: GenerationConfig) -> None:
    """The model's own settings sample. A retried job has to give the same text, so the likeliest token is taken."""
    config.do_sample = False
    for name in ("temperature", "top_p", "top_k"):
        setattr(config, name, None)
