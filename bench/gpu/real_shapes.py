"""The tensors of the real models, as shapes on the meta device: made in a moment, without memory."""

from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL, AutoencoderKLWan, UNet2DConditionModel, WanVACETransformer3DModel
from diffusers.models.embeddings import IPAdapterPlusImageProjection
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Qwen2Config,
    Qwen2ForCausalLM,
    UMT5Config,
    UMT5EncoderModel,
)

from ourvidz_engine.sdxl.configs import SDXL
from ourvidz_engine.tiny.adapter_keys import attention, plain_projection, resampler
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
#: The image encoder of h94/IP-Adapter, OpenCLIP's ViT-H/14.
IMAGE_ENCODER = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "projection_dim": 1024,
    "num_hidden_layers": 32,
    "num_attention_heads": 16,
    "image_size": 224,
    "patch_size": 14,
}
#: Of its adapter "plus": four layers, twenty heads of 64, sixteen tokens for the UNet.
RESAMPLER = {"embed_dims": 1280, "hidden_dims": 1280, "depth": 4, "heads": 20, "num_queries": 16}
#: Qwen/Qwen2.5-7B-Instruct.
LANGUAGE_MODEL = {
    "vocab_size": 152_064,
    "hidden_size": 3584,
    "intermediate_size": 18_944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "max_position_embeddings": 32_768,
    "tie_word_embeddings": False,
}


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


def image_encoder() -> Shapes:
    with torch.device("meta"):
        model = CLIPVisionModelWithProjection(CLIPVisionConfig(**IMAGE_ENCODER))
    # Positions are counted, not learned.
    learned = {name: each for name, each in model.state_dict().items() if not name.endswith("position_ids")}
    return Shapes({name: tensor.to(torch.float16) for name, tensor in learned.items()}, model)


def adapter(plus: bool) -> Shapes:
    """ip-adapter_sdxl_vit-h, or ip-adapter-plus_sdxl_vit-h."""
    width = SDXL["unet"]["cross_attention_dim"]
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(SDXL["unet"])
        if plus:
            projection = resampler(IPAdapterPlusImageProjection(output_dims=width, **RESAMPLER))
        else:
            projection = plain_projection(IMAGE_ENCODER["projection_dim"], width)
        tensors = {**projection, **attention(unet)}
    return Shapes({name: tensor.to(torch.float16) for name, tensor in tensors.items()})


def language_model() -> Shapes:
    with torch.device("meta"):
        model = Qwen2ForCausalLM(Qwen2Config(**LANGUAGE_MODEL))
    return Shapes({name: tensor.to(torch.bfloat16) for name, tensor in model.state_dict().items()}, model)
