"""Latents to pixels."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from diffusers import AutoencoderKL

from ..finite import require_finite


@contextmanager
def tiled(vae: AutoencoderKL, wanted: bool) -> Iterator[None]:
    """In tiles, which saves memory and shows faintly, and only within."""
    try:
        if wanted:
            vae.enable_tiling()
        yield
    finally:
        vae.disable_tiling()


def denormalised(latents: torch.Tensor, vae: AutoencoderKL) -> torch.Tensor:
    """What the VAE takes, in its precision."""
    return latents.to(vae.dtype) / vae.config.scaling_factor


def decode(latents: torch.Tensor, vae: AutoencoderKL, between: Callable[[], None]) -> list[np.ndarray]:
    """One image at a time: a batch is no faster, and six of them take gigabytes. Bytes are made on the device."""
    require_finite(latents, "latents")
    pictures = []
    for each in latents:
        between()
        picture = vae.decode(each[None], return_dict=False)[0][0]
        require_finite(picture, "decoded pixels")
        levels = ((picture / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        pictures.append(levels.permute(1, 2, 0).contiguous().cpu().numpy())
    return pictures
