"""Latents to pixels."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from diffusers import AutoencoderKL

from ..finite import require_finite

#: Pixels of a tile's side. By its configuration SDXL's VAE takes 1024, and leaves a picture of that size whole.
TILE = 512


@contextmanager
def tiled(vae: AutoencoderKL, wanted: bool) -> Iterator[None]:
    """In tiles, which saves memory and shows faintly, and only within. A quarter of each overlaps the next."""
    usual = vae.tile_sample_min_size, vae.tile_latent_min_size
    try:
        if wanted:
            vae.tile_sample_min_size = TILE
            vae.tile_latent_min_size = TILE // pixels_per_latent(vae)
            vae.enable_tiling()
        yield
    finally:
        vae.disable_tiling()
        vae.tile_sample_min_size, vae.tile_latent_min_size = usual


def pixels_per_latent(vae: AutoencoderKL) -> int:
    """Along a side: each block but the last halves it."""
    return 2 ** (len(vae.config.block_out_channels) - 1)


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
