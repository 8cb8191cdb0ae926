"""The transformer and the VAE: weights that both WAN lanes share, and what each lane needs for itself."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLWan,
    FirstBlockCacheConfig,
    UniPCMultistepScheduler,
    WanTransformer3DModel,
    WanVACETransformer3DModel,
)

from ..compiling import compile_blocks
from ..gates import add_gates
from ..options import Options
from .lossy import FIRST_BLOCK_CACHE
from .share import shell, text_only_of
from .weights import read_model


@dataclass
class LaneModels:
    """What one lane computes with."""

    #: None where only the text-to-video weights are installed.
    vace: WanVACETransformer3DModel | None
    text_only: WanTransformer3DModel
    #: The lane's own: it keeps the frames before those that it computes on, and two videos' frames must not meet.
    vae: AutoencoderKLWan

    def settle(self) -> None:
        """At a job's end, however it ended: nothing of it stays, neither in memory nor in the next job."""
        self.vae.clear_cache()
        self.vae.disable_tiling()
        if self.text_only.is_cache_enabled:
            self.text_only._reset_stateful_cache()


class WanModels:
    def __init__(self, folder: Path, options: Options, dtype: torch.dtype) -> None:
        config = WanVACETransformer3DModel.load_config(folder / "transformer", local_files_only=True)
        self.vace: WanVACETransformer3DModel | None = None
        if "vace_layers" in config:
            self.vace = read_model(WanVACETransformer3DModel, folder / "transformer", dtype, options.device)
            self._text_only = text_only_of(self.vace)
        else:
            self._text_only = read_model(WanTransformer3DModel, folder / "transformer", dtype, options.device)
        # In bfloat16 the VAE bands and flickers.
        self._vae = read_model(AutoencoderKLWan, folder / "vae", torch.float32, options.device)
        self.scheduler_config: Mapping[str, Any] = UniPCMultistepScheduler.load_config(
            folder / "scheduler", local_files_only=True
        )
        self._add_gates()
        self._cached = FIRST_BLOCK_CACHE in options.lossy
        whole = self._text_only if self.vace is None else self.vace
        if options.compiler is not None:
            compile_blocks(whole, options.compiler)
        self._lanes: dict[int, LaneModels] = {}

    def of_this_thread(self) -> LaneModels:
        """Made at the first job of each lane, which has a thread of its own; without memory for weights."""
        thread = threading.get_ident()
        if thread not in self._lanes:
            self._lanes[thread] = LaneModels(self.vace, self._lane_text_only(), shell(self._vae))
        return self._lanes[thread]

    def _lane_text_only(self) -> WanTransformer3DModel:
        if not self._cached:
            return self._text_only
        # The cache stands between the blocks and holds a job's activations. Not compiled (a shell is not), and not for
        # VACE, whose hints are added between the blocks that it leaves out.
        model = shell(self._text_only)
        model.enable_cache(FirstBlockCacheConfig())
        return model

    def _add_gates(self) -> None:
        """Shells are copied with their gates."""
        add_gates("wan.blocks", self._text_only.blocks)
        if self.vace is not None:
            add_gates("wan.vace_blocks", self.vace.vace_blocks)
        add_gates("wan.vae.encoder", [self._vae.encoder])
        add_gates("wan.vae.decoder", [self._vae.decoder])
