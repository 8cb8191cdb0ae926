"""WAN 2.1 1.3B by diffusers, with VACE for the references."""

import torch
from diffusers import AutoencoderKLWan

from ..failures import EngineFailure
from ..jobs import RenderJob
from ..options import Options
from ..renderer import Rendered, Work
from .checks import check_job
from .decoding import decode, denormalise
from .denoising import denoise
from .embeddings import Embeddings
from .installed import require_vace, source_folder
from .models import WanModels
from .negative_prompt import DEFAULT_NEGATIVE_PROMPT
from .schedulers import scheduler_for
from .text_encoder import TextEncoder, padded

WAN = "wan_2_1_1_3b"
TEXT_ENCODER = "umt5_xxl"


class Wan:
    models: tuple[str, ...] = (WAN, TEXT_ENCODER)

    def __init__(self, options: Options) -> None:
        self._options = options
        self._dtype = torch.bfloat16 if options.device == "cuda" else torch.float32
        self._encoder = TextEncoder(options.device, self._dtype)
        self._embeddings = Embeddings()
        self._models: WanModels | None = None

    def models_of(self, job: RenderJob) -> list[str]:
        return [WAN] if self._embeddings.has_all(texts_of(job)) else [TEXT_ENCODER, WAN]

    def check(self, job: RenderJob) -> None:
        check_job(job)
        models = self._models
        if job.references and (models is None or models.vace is None):
            require_vace(self._options.models_dir)
            if models is not None:
                raise EngineFailure(
                    "model_missing", "VACE was installed after WAN was loaded: restart the worker"
                )
        # What is in memory needs no look at the disk, which may be a network volume's.
        if not set(self.models_of(job)) <= set(self.loaded()):
            source_folder(self._options.models_dir)

    def load(self, model: str) -> None:
        folder = source_folder(self._options.models_dir)
        if model == TEXT_ENCODER and not self._encoder.loaded:
            self._encoder.load(folder)
        elif model == WAN and self._models is None:
            self._models = WanModels(folder, self._options, self._dtype)

    def unload(self, model: str) -> None:
        if model == TEXT_ENCODER:
            self._encoder.unload()
        elif model == WAN:
            self._models = None

    def loaded(self) -> list[str]:
        there = {WAN: self._models is not None, TEXT_ENCODER: self._encoder.loaded}
        return [model for model in self.models if there[model]]

    def compute(self, job: RenderJob, work: Work) -> Rendered:
        assert self._models is not None
        embeddings = self._embed(job, work)
        lane = self._models.of_this_thread()
        if work.low_memory:
            self._spare(lane.vae)
        try:
            work.phase("rendering", 0, job.steps)
            scheduler = scheduler_for(job.solver, job.shift, self._models.scheduler_config)
            latents = denormalise(denoise(job, work, lane, scheduler, embeddings), lane.vae)
            del embeddings
            work.keep_latents(latents)
            work.phase("decoding")
            return Rendered(decode(latents, lane.vae), "vace" if job.references else None)
        finally:
            lane.settle()

    def _embed(self, job: RenderJob, work: Work) -> dict[str, torch.Tensor | None]:
        """Of the prompt and of what to avoid. The encoder may go as soon as it is done."""
        found: list[torch.Tensor] = []
        for text in texts_of(job):
            embedding = self._embeddings.get(text)
            if embedding is None:
                work.phase("encoding-text")
                embedding = self._encoder.encode(text)
                self._embeddings.put(text, embedding)
            found.append(padded(embedding).to(self._options.device, self._dtype))
        work.done_with(TEXT_ENCODER)
        return {"prompt_embeds": found[0], "negative_prompt_embeds": found[1] if len(found) > 1 else None}

    def _spare(self, vae: AutoencoderKLWan) -> None:
        """What saves most comes first: the encoder is 11 GB, the VAE's activations 5."""
        self._encoder.park()
        vae.enable_tiling()
        if self._options.device == "cuda":
            torch.cuda.empty_cache()


def texts_of(job: RenderJob) -> list[str]:
    """The prompt, and what to avoid if the guidance makes the model look at it."""
    negative = job.negative_prompt if job.negative_prompt.strip() else DEFAULT_NEGATIVE_PROMPT
    return [job.prompt, negative] if job.guidance > 1 else [job.prompt]
