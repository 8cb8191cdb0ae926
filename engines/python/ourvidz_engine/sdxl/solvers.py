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


#: On SDXL's even steps these jump from a noise of 0.26 (in 15 steps) to none at once, and smooth over what is fine; by
#: Karras et al. (2022) the last step is from 0.03. The others end low of themselves.
KARRAS = frozenset(("unipc", "dpm++"))


def solver_named(name: str, config: Mapping[str, Any], even: bool = False) -> Any:
    """A new one each time: a scheduler keeps what it has computed for the job that it serves. `even`: for image to image, which
    begins at a share of the steps; those of Karras lie at low noise, and a strong reference would come back untouched."""
    changes = {"use_karras_sigmas": True} if name in KARRAS and not even else {}
    return SOLVERS[name].from_config({**config, **changes})
