"""Image to image: the reference, as latents, with noise over it."""

import torch
from diffusers import AutoencoderKL

#: Less than one step runs aground in diffusers, and one step draws nothing.
FEWEST_STEPS = 2
#: n × (2 / n) is not 2 for every n.
ROUNDING = 1e-6


def noise_strength(reference_strength: float, steps: int) -> float:
    """Diffusers' `strength`: how much noise covers the reference, which is the inverse of how much of it stays.

    Of the job's steps those run that lie below this noise, int(steps × it): as dense as without a reference, and never
    longer. To run all of them, diffusers would have to be asked for ceil(steps / strength); that gains little and costs
    a full render.
    """
    return min(1.0, max(1 - reference_strength, FEWEST_STEPS / steps) + ROUNDING)


def encode_reference(picture: torch.Tensor, vae: AutoencoderKL, dtype: torch.dtype) -> torch.Tensor:
    """Latents of a picture in −1 … 1. The mode, no sample: the same for every image, whatever its seed."""
    latents = vae.encode(picture.to(vae.device, vae.dtype)).latent_dist.mode()
    return (latents * vae.config.scaling_factor).to(dtype)
