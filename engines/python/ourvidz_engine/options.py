"""What the worker decides when it starts the program."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    device: str
    models_dir: Path
    sdxl_checkpoint: Path
    #: Compiled models and generated configurations, kept over restarts.
    cache_dir: Path
    ffmpeg: str
    #: What compiles the repeated blocks of the models; None if they are not compiled.
    compiler: str | None
    #: Names of accelerations that change the pictures.
    lossy: frozenset[str]
    enhance_limit_seconds: float
    #: How long a job may pass no gate, no step and no phase before the program no longer speaks for it.
    stall_seconds: float
    #: The seed's own `wan_generate.py` and its Python, if WAN jobs are to be rendered by it.
    wan_command: Path | None
    wan_command_python: str
    #: Where every turn and every gate is written down, for tests.
    gate_log: Path | None
    #: Where the latents of every render are kept, for tests.
    latents_dir: Path | None


def parse_options(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(prog="ourvidz_engine", description=__doc__)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--models-dir", type=Path, required=True)
    parser.add_argument("--sdxl-checkpoint", type=Path, required=True)
    parser.add_argument("--cache-dir", type=Path, required=True)
    parser.add_argument("--ffmpeg", default="ffmpeg")
    parser.add_argument("--compiler", help="a backend of torch.compile for the repeated blocks of the models")
    parser.add_argument("--lossy", default="", help="names, separated by commas")
    parser.add_argument("--enhance-limit-seconds", type=float, default=60.0)
    parser.add_argument("--stall-seconds", type=float, default=600.0)
    parser.add_argument("--wan-command", type=Path)
    parser.add_argument("--wan-command-python", default="python")
    parser.add_argument("--gate-log", type=Path)
    parser.add_argument("--latents-dir", type=Path)
    given = parser.parse_args(arguments)
    return Options(
        device=given.device,
        models_dir=given.models_dir,
        sdxl_checkpoint=given.sdxl_checkpoint,
        cache_dir=given.cache_dir,
        ffmpeg=given.ffmpeg,
        compiler=given.compiler,
        lossy=frozenset(name for name in given.lossy.split(",") if name),
        enhance_limit_seconds=given.enhance_limit_seconds,
        stall_seconds=given.stall_seconds,
        wan_command=given.wan_command,
        wan_command_python=given.wan_command_python,
        gate_log=given.gate_log,
        latents_dir=given.latents_dir,
    )
