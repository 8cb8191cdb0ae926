"""SDXL as the program knows it."""

from diffusers import StableDiffusionXLPipeline

from ..failures import EngineFailure
from ..jobs import RenderJob
from ..options import Options
from ..pictures import require_pictures
from ..renderer import Rendered, Work
from .adapters import Adapter, Adapters, installed_adapter
from .checkpoint import load_pipeline, require_checkpoint
from .drawing import Drawing
from .solvers import SOLVERS
from .text import TextEncoding

MODEL = "lustify_sdxl"
ADAPTER = "sdxl_ip_adapter"
#: Pixels to a latent.
GRAIN = 8


class Sdxl:
    models = (MODEL, ADAPTER)

    def __init__(self, options: Options) -> None:
        self._options = options
        self._adapter_folder = options.models_dir / "ip-adapter"
        self._loaded: tuple[StableDiffusionXLPipeline, TextEncoding] | None = None
        self._adapters: Adapters | None = None

    def models_of(self, job: RenderJob) -> list[str]:
        return [MODEL] if self._adapter_of(job) is None else [MODEL, ADAPTER]

    def check(self, job: RenderJob) -> None:
        if job.solver not in SOLVERS:
            raise EngineFailure("invalid_input", f"no such solver for SDXL; it has {', '.join(SOLVERS)}")
        if job.width % GRAIN or job.height % GRAIN or min(job.width, job.height) < GRAIN:
            raise EngineFailure(
                "invalid_input", f"SDXL draws sizes that {GRAIN} divides, not {job.width}x{job.height}"
            )
        if job.steps < 1 or job.images < 1 or job.frames != 1:
            raise EngineFailure(
                "invalid_input", "SDXL draws one image or more, of one frame, in one step or more"
            )
        require_pictures(job, larger=True)
        if self._loaded is None:
            require_checkpoint(self._options)

    def load(self, model: str) -> None:
        if model in self.loaded():
            return
        if model == MODEL:
            pipe = load_pipeline(self._options)
            self._loaded = (pipe, TextEncoding(pipe))
        else:
            self._adapters = Adapters(self._adapter_folder, self._options.device)

    def unload(self, model: str) -> None:
        if model == MODEL:
            self._loaded = None
        else:
            self._adapters = None

    def loaded(self) -> list[str]:
        return [name for name, here in ((MODEL, self._loaded), (ADAPTER, self._adapters)) if here is not None]

    def compute(self, job: RenderJob, work: Work) -> Rendered:
        if self._loaded is None:
            raise RuntimeError("SDXL draws only what it was loaded for")
        pipe, text = self._loaded
        return Drawing(job, work, pipe, text, self._adapter_of(job), self._adapters).draw()

    def _adapter_of(self, job: RenderJob) -> Adapter | None:
        """None where a reference, if there is one, is honoured by image to image."""
        return installed_adapter(job.reference_type, self._adapter_folder) if job.references else None
