"""From latents to pixels on the host."""

import numpy as np
import torch
from diffusers import AutoencoderKLWan

from ..finite import require_finite


def denormalise(latents: torch.Tensor, vae: AutoencoderKLWan) -> torch.Tensor:
    """The transformer works on latents of mean 0 and deviation 1 per channel; the VAE does not."""

    def per_channel(values: list[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=vae.dtype, device=latents.device).view(1, -1, 1, 1, 1)

    return latents.to(vae.dtype) * per_channel(vae.config.latents_std) + per_channel(vae.config.latents_mean)


def decode(latents: torch.Tensor, vae: AutoencoderKLWan) -> list[np.ndarray]:
    """One array per frame. Rounded to bytes on the device: a quarter of the floats to copy, and nothing left for the host."""
    require_finite(latents, "latents")
    video = vae.decode(latents, return_dict=False)[0][0]
    require_finite(video, "decoded pixels")
    pixels = video.add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
    return list(pixels.permute(1, 2, 3, 0).contiguous().cpu().numpy())
