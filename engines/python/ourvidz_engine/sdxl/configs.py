"""The configuration of SDXL 1.0, which a single-file checkpoint lacks: written once, so that nothing is asked of a hub."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .vocabulary import END, clip_merges, write_tokenizer

Configs = Mapping[str, Mapping[str, Any]]

#: The second tokenizer pads with the word of id 0; the checkpoints were trained so.
PADDING = {"tokenizer": END, "tokenizer_2": "!"}

MODEL_INDEX = {
    "_class_name": "StableDiffusionXLPipeline",
    "force_zeros_for_empty_prompt": True,
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}

SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "timestep_spacing": "leading",
    "steps_offset": 1,
    "interpolation_type": "linear",
    "use_karras_sigmas": False,
    "clip_sample": False,
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
}

#: OpenAI's CLIP ViT-L/14. `eos_token_id` is wrong on purpose: it selects the pooling that SDXL was trained with.
TEXT_ENCODER = {
    "architectures": ["CLIPTextModel"],
    "model_type": "clip_text_model",
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
    "hidden_act": "quick_gelu",
    "max_position_embeddings": 77,
    "layer_norm_eps": 1e-05,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 1,
}

#: OpenCLIP ViT-bigG/14.
TEXT_ENCODER_2 = {
    **TEXT_ENCODER,
    "architectures": ["CLIPTextModelWithProjection"],
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}

UNET = {
    "_class_name": "UNet2DConditionModel",
    "sample_size": 128,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": [320, 640, 1280],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "layers_per_block": 2,
    "transformer_layers_per_block": [1, 2, 10],
    "attention_head_dim": [5, 10, 20],
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "norm_num_groups": 32,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}

#: In half precision its activations overflow, which `force_upcast` says.
VAE = {
    "_class_name": "AutoencoderKL",
    "sample_size": 1024,
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "scaling_factor": 0.13025,
    "force_upcast": True,
}

SDXL: Configs = {
    "scheduler": SCHEDULER,
    "text_encoder": TEXT_ENCODER,
    "text_encoder_2": TEXT_ENCODER_2,
    "unet": UNET,
    "vae": VAE,
}


def write_configs(folder: Path, configs: Configs, merges: Sequence[str]) -> None:
    """The folder that `from_single_file` takes for a repository."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps(MODEL_INDEX, indent=1))
    for part, config in configs.items():
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        (folder / part).mkdir()
        (folder / part / name).write_text(json.dumps(config, indent=1))
    for part, padding in PADDING.items():
        write_tokenizer(folder / part, merges, padding)


def to_disk(folder: Path) -> None:
    """Before the folder gets its name, by which it counts as whole: a power cut could leave empty files in it."""
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def generated_configs(cache_dir: Path) -> Path:
    """SDXL's configuration in the cache, under a name that changes with what is in it. Raises `model_missing`."""
    digest = hashlib.sha256(json.dumps([MODEL_INDEX, SDXL, PADDING]).encode()).hexdigest()
    folder = cache_dir / f"sdxl-config-{digest[:12]}"
    if folder.is_dir():
        return folder
    merges = clip_merges()
    cache_dir.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=cache_dir, prefix=f".{folder.name}-"))
    try:
        write_configs(temporary, SDXL, merges)
        to_disk(temporary)
        temporary.rename(folder)
    except OSError:
        # Another program may have been faster; a folder of that name is always whole.
        shutil.rmtree(temporary, ignore_errors=True)
        if not folder.is_dir():
            raise
    return folder
