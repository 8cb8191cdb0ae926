"""One job, from text to pixels."""

from contextlib import ExitStack
from typing import Any, TypeAlias

import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline

from ..jobs import RenderJob
from ..pictures import cropped, read_picture
from ..renderer import Rendered, Work
from .adapters import Adapter, Adapters
from .batches import batches, room_mib
from .decoding import decode, denormalised, tiled
from .reference import encode_reference, noise_strength
from .solvers import solver_named
from .text import Conditioning, TextEncoding

Pipeline: TypeAlias = StableDiffusionXLPipeline | StableDiffusionXLImg2ImgPipeline


class Drawing:
    """A job and the models it is drawn with. The job has pipelines and a solver of its own over the models of all."""

    def __init__(
        self,
        job: RenderJob,
        work: Work,
        models: StableDiffusionXLPipeline,
        text: TextEncoding,
        adapter: Adapter | None,
        adapters: Adapters | None,
    ) -> None:
        self._job = job
        self._work = work
        self._text = text
        self._adapter = adapter
        self._adapters = adapters
        self._vae = models.vae
        self._device = models.unet.device
        self._dtype = models.unet.dtype
        self._parts = dict(models.components)
        drawn_over = bool(job.references) and adapter is None
        # From the models' own configuration, never from another job's solver.
        self._parts["scheduler"] = solver_named(job.solver, models.scheduler.config, even=drawn_over)

    def draw(self) -> Rendered:
        with tiled(self._vae, self._work.low_memory), ExitStack() as attached:
            self._work.phase("encoding-text", 0, self._job.steps)
            conditioning = self._text.encode(self._job.prompt, self._job.negative_prompt, self._work.job_id)
            pipe, reference, method = self._with_reference(attached)
            latents = self._latents(pipe, {**_told(conditioning), **reference})
            # Off before the VAE: decoding needs the memory more.
            attached.close()
            latents = denormalised(latents, self._vae)
            self._work.phase("decoding")
            self._work.keep_latents(latents)
            return Rendered(decode(latents, self._vae, self._work.check), method)

    def _with_reference(self, attached: ExitStack) -> tuple[Pipeline, dict[str, Any], str | None]:
        """The pipeline for the job, what it is given beside the text, and how that is called."""
        job = self._job
        size = {"width": job.width, "height": job.height}
        if not job.references:
            return StableDiffusionXLPipeline(**self._parts, add_watermarker=False), size, None
        picture = read_picture(job.references[0])
        kept = 0.5 if job.reference_strength is None else job.reference_strength
        if self._adapter is None or self._adapters is None:
            pipe = StableDiffusionXLImg2ImgPipeline(**self._parts, add_watermarker=False)
            pixels = pipe.image_processor.preprocess(cropped(picture, **size))
            latents = encode_reference(pixels, self._vae, self._dtype)
            return pipe, {"image": latents, "strength": noise_strength(kept, job.steps)}, "img2img"
        attached.enter_context(self._adapters.attached(self._adapter, self._parts["unet"]))
        self._parts["image_encoder"] = self._adapters.image_encoder
        self._parts["feature_extractor"] = self._adapters.feature_extractor
        pipe = StableDiffusionXLPipeline(**self._parts, add_watermarker=False)
        pipe.set_ip_adapter_scale(self._adapter.scale(kept))
        guided = job.guidance > 1
        embeds = pipe.prepare_ip_adapter_image_embeds(picture, None, self._device, 1, guided)
        return pipe, {**size, "ip_adapter_image_embeds": embeds}, self._adapter.method

    def _latents(self, pipe: Pipeline, given: dict[str, Any]) -> torch.Tensor:
        job = self._job
        parts = batches(job.images, job.width, job.height, room_mib(self._device.type, self._work.low_memory))
        drawn = []
        pipe.set_progress_bar_config(disable=True)
        for number, part in enumerate(parts):
            result = pipe(
                **given,
                num_inference_steps=job.steps,
                guidance_scale=job.guidance,
                num_images_per_prompt=len(part),
                # The CPU's generator: the same noise on every device, for every image whatever its batch.
                generator=[torch.Generator("cpu").manual_seed(job.seed + index) for index in part],
                output_type="latent",
                callback_on_step_end=self._tell(number, len(parts)),
            )
            drawn.append(result.images)
        return torch.cat(drawn)

    def _tell(self, part: int, parts: int):
        def after_step(
            pipe: Pipeline, step: int, _timestep: object, tensors: dict[str, Any]
        ) -> dict[str, Any]:
            steps = pipe.num_timesteps
            self._work.phase("rendering", part * steps + step + 1, parts * steps)
            return tensors

        return after_step


def _told(conditioning: Conditioning) -> dict[str, torch.Tensor]:
    return {
        "prompt_embeds": conditioning.embeds,
        "pooled_prompt_embeds": conditioning.pooled,
        "negative_prompt_embeds": conditioning.negative_embeds,
        "negative_pooled_prompt_embeds": conditioning.negative_pooled,
    }
