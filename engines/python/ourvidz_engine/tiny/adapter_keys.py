"""IP-Adapter's weights under the names of its own code, which its files hold, from modules as diffusers makes them."""

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.embeddings import IPAdapterPlusImageProjection

#: An adapter without a resampler projects its one embedding of the picture to so many tokens.
PLAIN_TOKENS = 4

Tensors = dict[str, torch.Tensor]


def plain_projection(image_width: int, text_width: int) -> Tensors:
    return {
        "image_proj.proj.weight": torch.randn(PLAIN_TOKENS * text_width, image_width),
        "image_proj.proj.bias": torch.randn(PLAIN_TOKENS * text_width),
        "image_proj.norm.weight": torch.ones(text_width),
        "image_proj.norm.bias": torch.zeros(text_width),
    }


def resampler(layer: IPAdapterPlusImageProjection) -> Tensors:
    tensors: Tensors = {}
    for key, each in layer.state_dict().items():
        match key.split("."):
            case "layers", number, ("ln0" | "ln1") as norm, rest:
                tensors[f"layers.{number}.0.norm{int(norm[-1]) + 1}.{rest}"] = each
            case "layers", number, "attn", "to_q", _:
                tensors[f"layers.{number}.0.to_q.weight"] = each
            case "layers", number, "attn", "to_k", _:
                value = layer.layers[int(number)].attn.to_v.weight
                tensors[f"layers.{number}.0.to_kv.weight"] = torch.cat([each, value])
            case "layers", _, "attn", "to_v", _:
                pass
            case "layers", number, "attn", "to_out", _, _:
                tensors[f"layers.{number}.0.to_out.weight"] = each
            case "layers", number, "ff", "0", rest:
                tensors[f"layers.{number}.1.0.{rest}"] = each
            case "layers", number, "ff", "1", "net", *place, "weight":
                tensors[f"layers.{number}.1.{1 if place[-1] == 'proj' else 3}.weight"] = each
            case _:
                tensors[key] = each
    return {f"image_proj.{key}": each.detach().contiguous() for key, each in tensors.items()}


def attention(unet: UNet2DConditionModel) -> Tensors:
    """For each cross attention in order, numbered with the self attentions between them."""
    tensors: Tensors = {}
    for number, name in enumerate(unet.attn_processors):
        if name.endswith("attn2.processor"):
            to_k = unet.get_submodule(name.removesuffix(".processor")).to_k.weight
            for kind in "kv":
                tensors[f"ip_adapter.{number}.to_{kind}_ip.weight"] = torch.randn_like(to_k)
    return tensors
