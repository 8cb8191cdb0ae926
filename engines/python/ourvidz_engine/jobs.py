"""The jobs of the protocol (`engines/protocol.ts`), parsed once and trusted from there on."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .failures import EngineFailure


@dataclass(frozen=True)
class Reference:
    role: str
    path: Path


@dataclass(frozen=True)
class RenderJob:
    type: str
    family: str
    model: str
    prompt: str
    negative_prompt: str
    steps: int
    guidance: float
    solver: str
    #: Flow shift of WAN's scheduler; without meaning for SDXL.
    shift: float
    width: int
    height: int
    frames: int
    fps: int
    images: int
    #: Image i is drawn with seed + i.
    seed: int
    reference_mode: str
    references: tuple[Reference, ...]
    #: 0.1 to 1, None without a reference.
    reference_strength: float | None
    #: style, composition, character or None.
    reference_type: str | None


@dataclass(frozen=True)
class EnhanceJob:
    prompt: str
    medium: str


Job = RenderJob | EnhanceJob

_SPELLING = {
    "negativePrompt": "negative_prompt",
    "referenceMode": "reference_mode",
    "referenceStrength": "reference_strength",
    "referenceType": "reference_type",
}


def parse_job(value: Any) -> Job:
    """Raises `invalid_input` for what is no job; the message names fields, never what they held."""
    if not isinstance(value, dict) or value.get("kind") not in ("render", "enhance"):
        raise EngineFailure("invalid_input", "a job is an object of kind render or enhance")
    kind = RenderJob if value["kind"] == "render" else EnhanceJob
    given = {_SPELLING.get(key, key): item for key, item in value.items()}
    missing = [field.name for field in fields(kind) if field.name not in given]
    if missing:
        raise EngineFailure("invalid_input", f"the job lacks {', '.join(missing)}")
    known = {field.name: given[field.name] for field in fields(kind)}
    if kind is RenderJob:
        known["references"] = tuple(
            Reference(each["role"], Path(each["path"])) for each in known["references"]
        )
    return kind(**known)
