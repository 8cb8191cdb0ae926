"""IP-Adapter: a reference picture beside the text. Its weights hang on SDXL's UNet for one job and come off again."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0
from diffusers.models.embeddings import MultiIPAdapterImageProjection
from safetensors.torch import load_file
from transformers import CLIPImageProcessorPil, CLIPVisionModelWithProjection

from ..gates import add_gates
from ..weights import is_whole, is_whole_model, reading
from .weights import VARIANTS, precision, read_clip

ENCODER = Path("models/image_encoder")
PLAIN = Path("sdxl_models/ip-adapter_sdxl_vit-h.safetensors")
PLUS = Path("sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors")

#: By reference type. Not plus-face for a character: it expects a face cut out, and we get whole pictures.
FILES = {"style": PLAIN, "composition": PLAIN, "character": PLUS}


@dataclass(frozen=True)
class Adapter:
    """The weights for a type of reference, and how the callback calls them."""

    type: str
    file: Path

    @property
    def method(self) -> str:
        return f"ip-adapter-{self.type}"

    def scale(self, strength: float) -> Any:
        """Style is drawn in one block of the UNet and layout in another; a character in all of them."""
        if self.type == "style":
            return {"up": {"block_0": [0.0, strength, 0.0]}}
        if self.type == "composition":
            return {"down": {"block_2": [0.0, strength]}}
        return strength


def installed_adapter(type: str | None, folder: Path) -> Adapter | None:
    """None where the weights for such a reference are not installed, or not whole: a download may be under way."""
    file = None if type is None else FILES.get(type)
    if type is None or file is None or not is_whole(folder / file):
        return None
    return Adapter(type, file) if is_whole_model(folder / ENCODER, VARIANTS) else None


class Adapters:
    """The adapters that were asked for: mapped files, and on the device the image encoder and what was last used."""

    def __init__(self, folder: Path, device: str) -> None:
        dtype = precision(device)
        self.image_encoder = read_clip(CLIPVisionModelWithProjection, folder / ENCODER, dtype, device)
        add_gates("image_encoder", [self.image_encoder])
        side = self.image_encoder.config.image_size
        # Squeezed, as IP-Adapter's authors advise: CLIP's own way is to crop, and a portrait would lose its head.
        self.feature_extractor = CLIPImageProcessorPil(
            size={"height": side, "width": side}, do_center_crop=False
        )
        self._folder = folder
        self._files: dict[Path, dict[str, torch.Tensor]] = {}
        self._last: tuple[Path, dict[str, Any], torch.nn.Module] | None = None

    @contextmanager
    def attached(self, adapter: Adapter, unet: UNet2DConditionModel) -> Iterator[None]:
        """The UNet draws by the adapter within. Its blocks run uncompiled: a graph would serve one strength only."""
        plain = unet.attn_processors
        compiled = [module for module in unet.modules() if module._compiled_call_impl is not None]
        graphs = [module._compiled_call_impl for module in compiled]
        try:
            processors, projection = self._on_device(adapter.file, unet)
            for module in compiled:
                module._compiled_call_impl = None
            unet.set_attn_processor(dict(processors))
            unet.encoder_hid_proj = projection
            unet.config.encoder_hid_dim_type = "ip_image_proj"
            yield
        finally:
            unet.encoder_hid_proj = None
            unet.config.encoder_hid_dim_type = None
            unet.set_attn_processor(plain)
            for module, graph in zip(compiled, graphs, strict=True):
                module._compiled_call_impl = graph

    def _on_device(self, file: Path, unet: UNet2DConditionModel) -> tuple[dict[str, Any], torch.nn.Module]:
        if self._last is None or self._last[0] != file:
            # Gone before the next one comes: two of them do not belong on the card.
            self._last = None
            self._last = (file, *_built(self._mapped(file), unet))
        return self._last[1], self._last[2]

    def _mapped(self, file: Path) -> dict[str, torch.Tensor]:
        """Only what a job asks for, so that a broken file hinders no job that does without it."""
        if file not in self._files:
            with reading(self._folder / file):
                self._files[file] = load_file(self._folder / file)
        return self._files[file]


def _built(
    weights: dict[str, torch.Tensor], unet: UNet2DConditionModel
) -> tuple[dict[str, Any], torch.nn.Module]:
    """`load_ip_adapter` without its patches to the whole process, which another lane may be loading a model in."""
    with torch.device(unet.device):
        image_proj = {
            key.removeprefix("image_proj."): each
            for key, each in weights.items()
            if key.startswith("image_proj.")
        }
        layer = unet._convert_ip_adapter_image_proj_to_diffusers(image_proj, low_cpu_mem_usage=False)
    # An adapter without such a table projects one embedding to four tokens.
    tokens = image_proj["latents"].shape[1] if "latents" in image_proj else 4
    processors = copy.copy(unet.attn_processors)
    crossing = [name for name in processors if not name.endswith("attn1.processor")]
    for number, name in enumerate(crossing):
        key, value = (weights[f"ip_adapter.{2 * number + 1}.to_{each}_ip.weight"] for each in "kv")
        with torch.device("meta"):
            processor = IPAdapterAttnProcessor2_0(key.shape[0], key.shape[1], num_tokens=(tokens,), scale=0.0)
        tensors = {"to_k_ip.0.weight": key, "to_v_ip.0.weight": value}
        moved = {name: tensor.to(unet.device, unet.dtype) for name, tensor in tensors.items()}
        processor.load_state_dict(moved, assign=True)
        processors[name] = processor.requires_grad_(False)
    projection = MultiIPAdapterImageProjection([layer])
    return processors, projection.to(unet.device, unet.dtype).requires_grad_(False).eval()
