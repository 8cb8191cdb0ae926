"""WAN's samplers. One object per job: they keep the past steps of the job they serve."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from diffusers import DPMSolverMultistepScheduler, UniPCMultistepScheduler

Scheduler: TypeAlias = UniPCMultistepScheduler | DPMSolverMultistepScheduler

SCHEDULERS: dict[str, type[Scheduler]] = {
    "unipc": UniPCMultistepScheduler,
    "dpm++": DPMSolverMultistepScheduler,
}


def scheduler_for(solver: str, shift: float, config: Mapping[str, Any]) -> Scheduler:
    """`shift` moves the steps towards noise: more of them for the composition, fewer for detail. WAN is a flow model, also
    where its folder has the configuration of another scheduler, and so does not say it."""
    flow = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": shift}
    return SCHEDULERS[solver].from_config({**config, **flow})
