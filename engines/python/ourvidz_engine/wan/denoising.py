"""From noise to latents, through diffusers' own pipelines. They are light, so each job has one to itself."""

from typing import Any

import torch
from diffusers import DiffusionPipeline, WanPipeline, WanVACEPipeline

from ..jobs import RenderJob
from ..renderer import Work
from .conditions import conditioning_scale, conditions
from .models import LaneModels
from .schedulers import Scheduler


class VacePipeline(WanVACEPipeline):
    def prepare_masks(self, mask: torch.Tensor, reference_images=None, generator=None) -> torch.Tensor:
        """Diffusers' own pads no more latent frames than the video has: an image with two references fails there."""
        masks = super().prepare_masks(mask, [[]], generator)
        count = 0 if reference_images is None else len(reference_images[0])
        return torch.cat([masks.new_zeros(*masks.shape[:2], count, *masks.shape[3:]), masks], dim=2)


def denoise(
    job: RenderJob,
    work: Work,
    models: LaneModels,
    scheduler: Scheduler,
    embeddings: dict[str, torch.Tensor | None],
) -> torch.Tensor:
    """Latents of the video alone, normalised as the transformer has them: batch, channels, frames, height, width."""

    def tell(
        pipe: DiffusionPipeline, step: int, _time: torch.Tensor, values: dict[str, Any]
    ) -> dict[str, Any]:
        work.phase("rendering", step + 1, pipe.num_timesteps)
        return values

    shared = {"tokenizer": None, "text_encoder": None, "vae": models.vae, "scheduler": scheduler}
    references: dict[str, Any] = {}
    if job.references:
        assert models.vace is not None and job.reference_strength is not None
        pipe = VacePipeline(**shared, transformer=models.vace)
        layers = len(models.vace.config.vace_layers)
        # With its dtype said: a plain number would take torch's default, which a load in another thread may have changed.
        scale = torch.full((layers,), conditioning_scale(job.reference_strength), dtype=torch.float32)
        references = {**conditions(job), "conditioning_scale": scale}
    else:
        pipe = WanPipeline(**shared, transformer=models.text_only)
    pipe.set_progress_bar_config(disable=True)
    (latents,) = pipe(
        **embeddings,
        **references,
        width=job.width,
        height=job.height,
        num_frames=job.frames,
        num_inference_steps=job.steps,
        guidance_scale=job.guidance,
        # On the CPU, so that a seed means the same on every card.
        generator=torch.Generator("cpu").manual_seed(job.seed),
        output_type="latent",
        return_dict=False,
        callback_on_step_end=tell,
        callback_on_step_end_tensor_inputs=[],
    )
    # Pictures that guide the whole are latent frames of their own, before the video's.
    return latents[:, :, len(references.get("reference_images", ())) :]
