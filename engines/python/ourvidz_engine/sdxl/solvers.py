"""The solvers by the names of `jobs/solvers.ts`, each on SDXL's own noise schedule."""

from collections.abc import Mapping
from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)

SOLVERS = {
    "unipc": UniPCMultistepScheduler,
    "dpm++": DPMSolverMultistepScheduler,
    "euler": EulerDiscreteScheduler,
    "euler_a": EulerAncestralDiscreteScheduler,
    "ddim": DDIMScheduler,
}


def solver_named(name: str, config: Mapping[str, Any]) -> Any:
    """A new one each time: a scheduler keeps what it has computed for the job that it serves."""
    return SOLVERS[name].from_config(dict(config))
