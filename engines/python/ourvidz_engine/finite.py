"""Numbers that are none: as bytes they would be a picture like any other, black or grey, and delivered as one."""

import torch

from .failures import EngineFailure


def require_finite(tensor: torch.Tensor, what: str) -> None:
    """Raises `internal`, which is tried again. Waits for the device: for a decode, never for a step."""
    # NaN and infinity show in a sum, and it needs no memory as a look at each element would.
    if not torch.isfinite(tensor.sum(dtype=torch.float32)):
        raise EngineFailure("internal", f"the {what} are not finite: NaN or infinity")
