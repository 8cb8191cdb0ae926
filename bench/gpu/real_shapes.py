"""The tensors of the real models, as shapes on the meta device: made in a moment, without memory."""

from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL, AutoencoderKLWan, UNet2DConditionModel, WanVACETransformer3DModel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    UMT5Config,
    UMT5EncoderModel,
)

from ourvidz_engine.sdxl.configs import SDXL
from ourvidz_engine.tiny.original_keys import original_checkpoint

#: Wan-AI/Wan2.1-VACE-1.3B-diffusers.
VACE = {
    "num_attention_heads": 12,
    "attention_head_dim": 128,
    "in_channels": 16,
    "out_channels": 16,
    "text_dim": 4096,
    "freq_dim": 256,
    "ffn_dim": 8960,
    "num_layers": 30,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 1024,
    "vace_layers": list(range(0, 30, 2)),
    "vace_in_channels": 96,
}
#: The encoder of google/umt5-xxl.
TEXT_ENCODER = {
    "vocab_size": 256_384,
    "d_model": 4096,
    "d_kv": 64,
    "d_ff": 10_240,
    "num_layers": 24,
    "num_heads": 64,
}
#: What the transformer can still read, and next to no weights.
SMALL_TEXT_ENCODER = {**TEXT_ENCODER, "vocab_size": 384, "d_ff": 64, "num_layers": 1, "num_heads": 1}


@dataclass(frozen=True)
class Shapes:
    """Tensors by name, in the precision in which the program keeps them on a card."""

    tensors: dict[str, torch.Tensor]
    #: What knows its configuration: `save_config` or `save_pretrained` of it; None for a file without one.
    model: torch.nn.Module | None = None

    @property
    def parameters(self) -> int:
        return sum(tensor.numel() for tensor in self.tensors.values())

    @property
    def bytes(self) -> int:
        return sum(tensor.numel() * tensor.element_size() for tensor in self.tensors.values())


def sdxl() -> Shapes:
    """SDXL 1.0 under the names of the original code, in half precision."""
    with torch.device("meta"):
        parts = (
            UNet2DConditionModel.from_config(SDXL["unet"]),
            AutoencoderKL.from_config(SDXL["vae"]),
            CLIPTextModel(CLIPTextConfig(**SDXL["text_encoder"])),
            CLIPTextModelWithProjection(CLIPTextConfig(**SDXL["text_encoder_2"])),
        )
        states = (part.state_dict() for part in parts)
        tensors = original_checkpoint(*states, layers=SDXL["unet"]["layers_per_block"])
    return Shapes({name: tensor.to(torch.float16) for name, tensor in tensors.items()})


def vace() -> Shapes:
    with torch.device("meta"):
        model = WanVACETransformer3DModel(**VACE)
    in_fp32 = set(WanVACETransformer3DModel._keep_in_fp32_modules)
    return Shapes(
        {
            name: tensor if in_fp32.intersection(name.split(".")) else tensor.to(torch.bfloat16)
            for name, tensor in model.state_dict().items()
        },
        model,
    )


def wan_vae() -> Shapes:
    """WAN's is what diffusers makes when it is told nothing."""
    with torch.device("meta"):
        model = AutoencoderKLWan()
    return Shapes(model.state_dict(), model)


def text_encoder(small: bool = False) -> Shapes:
    config = UMT5Config(**(SMALL_TEXT_ENCODER if small else TEXT_ENCODER))
    with torch.device("meta"):
        model = UMT5EncoderModel(config)
    # The table of words has two names.
    tensors = {
        name: each for name, each in model.state_dict().items() if name != "encoder.embed_tokens.weight"
    }
    return Shapes({name: tensor.to(torch.bfloat16) for name, tensor in tensors.items()}, model)
