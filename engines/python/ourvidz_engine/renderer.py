"""What the program and the models say to each other."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch

from .failures import Cancelled
from .jobs import EnhanceJob, Job, RenderJob
from .progress import Progress


@dataclass
class Rendered:
    """Pixels on the host, uint8, height × width × 3: one array per image, or one per frame of a video."""

    #: Or what reads them from a file, which needs no card: called once, when it is released.
    pictures: list[np.ndarray] | Callable[[], list[np.ndarray]]
    #: How a reference was honoured (`img2img`, `ip-adapter`, `vace`), None without one.
    method: str | None = None


@dataclass
class Work:
    """What a model needs of the program while it computes for one job."""

    job_id: str
    progress: Progress
    cancel: threading.Event
    #: After an out of memory, or for a job that killed a program before: slicing, tiling and the smallest batches, with
    #: the same seeds.
    low_memory: bool = False
    #: Whether what this process has reserved tells what such a job needs.
    measured: bool = True
    #: Models that are kept for the job, and who is told of one that it no longer needs.
    borrowed: list[str] = field(default_factory=list)
    on_done_with: Callable[[str], None] = lambda _model: None
    #: Where latents are kept beside the pictures, for tests: with random weights decoded pixels are noise.
    latents_dir: Path | None = None

    def phase(self, phase: str, step: int | None = None, total: int | None = None) -> None:
        """One of loading, encoding-text, rendering, decoding. Raises `Cancelled` if the job was."""
        self.check()
        self.progress.set(phase, step, total)

    def check(self) -> None:
        if self.cancel.is_set():
            raise Cancelled

    def keep_latents(self, latents: torch.Tensor) -> None:
        """Call it with what the VAE is about to decode, batch first."""
        if self.latents_dir is not None:
            array = latents.detach().to("cpu", torch.float32).contiguous().numpy()
            array.tofile(self.latents_dir / f"{self.job_id}.f32")

    def done_with(self, model: str) -> None:
        """The job needs a model no more, or has not needed it (the text encoder, for texts that were seen before): it may
        go when memory is short."""
        self.on_done_with(model)


class Models(Protocol):
    """Models that belong together."""

    @property
    def models(self) -> Sequence[str]:
        """Names of all that it can load."""
        ...

    def load(self, model: str) -> None:
        """Brings a model onto the device. Called with no other call to load or unload under way; idempotent."""
        ...

    def unload(self, model: str) -> None: ...

    def loaded(self) -> list[str]: ...


J = TypeVar("J", bound=Job, contravariant=True)
R = TypeVar("R", bound="Rendered | str", covariant=True)


class Family(Models, Protocol[J, R]):
    """Models that compute one kind of job. `compute` is called by a lane's own thread, with the card in hand."""

    def models_of(self, job: J) -> list[str]:
        """Names of the models that the job computes with, in the order in which they are needed."""
        ...

    def check(self, job: J) -> None:
        """Raises `model_missing` or `invalid_input` before the job costs anything."""
        ...

    def compute(self, job: J, work: Work) -> R: ...


#: Draws pictures.
Renderer = Family[RenderJob, Rendered]
#: Rewrites a prompt.
Enhancer = Family[EnhanceJob, str]
