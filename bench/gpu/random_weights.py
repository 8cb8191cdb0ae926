"""Random weights of given shapes, to files of the usual kinds. Scaled so that what they compute stays finite."""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

Tensors = Mapping[str, torch.Tensor]

#: Files of a larger model are so big at most: they are whole in memory while they are written.
SHARD_BYTES = 4_000_000_000
#: A CPU makes some 10⁸ normal numbers a second, and there are 10¹⁰: there the same 2²⁴ come again and again.
POOL = 2**24


class RandomWeights:
    def __init__(self, device: str) -> None:
        self.device = device
        self._random = torch.Generator(device).manual_seed(0)
        self._pool = torch.randn(POOL, generator=self._random, device=device) if device == "cpu" else None

    def like(self, name: str, shape: torch.Tensor) -> torch.Tensor:
        """Norms do nothing, biases are 0, and matrices neither amplify nor weaken."""
        if shape.ndim < 2 or name.endswith("gamma"):
            fill = torch.zeros if name.endswith("bias") else torch.ones
            return fill(shape.shape, dtype=shape.dtype)
        spread = 0.02 if "embedding" in name or "shared" in name else (shape.numel() / shape.shape[0]) ** -0.5
        return (self._normal(shape.numel()).mul_(spread)).to(shape.dtype).reshape(shape.shape).cpu()

    def _normal(self, count: int) -> torch.Tensor:
        if self._pool is None:
            return torch.randn(count, generator=self._random, device=self.device)
        start = int(torch.randint(POOL, (1,), generator=self._random))
        return self._pool.roll(-start).repeat(-(-count // POOL))[:count].clone()


def write_file(path: Path, shapes: Tensors, weights: RandomWeights) -> None:
    """One file, whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    since = time.monotonic()
    save_file({name: weights.like(name, shape) for name, shape in shapes.items()}, temporary)
    os.replace(temporary, path)
    gigabytes = path.stat().st_size / 1e9
    print(f"{path.name}: {gigabytes:.2f} GB, {time.monotonic() - since:.0f} s", file=sys.stderr, flush=True)


def write_shards(folder: Path, stem: str, shapes: Tensors, weights: RandomWeights) -> None:
    """One file, or several with an index, which comes last."""
    parts = list(_parts(shapes))
    if len(parts) == 1:
        write_file(folder / f"{stem}.safetensors", shapes, weights)
        return
    places: dict[str, str] = {}
    for number, names in enumerate(parts, 1):
        file = f"{stem}-{number:05}-of-{len(parts):05}.safetensors"
        write_file(folder / file, {name: shapes[name] for name in names}, weights)
        places |= dict.fromkeys(names, file)
    size = sum(tensor.numel() * tensor.element_size() for tensor in shapes.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    (folder / f"{stem}.safetensors.index.json").write_text(json.dumps(index, indent=1))


def _parts(shapes: Tensors) -> Iterator[list[str]]:
    names: Iterable[str] = iter(shapes)
    part: list[str] = []
    size = 0
    for name in names:
        more = shapes[name].numel() * shapes[name].element_size()
        if part and size + more > SHARD_BYTES:
            yield part
            part, size = [], 0
        part.append(name)
        size += more
    yield part
