"""How many images of a job are drawn at once."""

import torch

from ..memory import MIB

#: A step at 1024 × 1024 under guidance: what any batch takes, and what each image of it adds. Six take no more than decoding
#: one, 4,223 MiB (measured on an H200, docs/gpu-figures.md); how that divides is an estimate.
FIXED_MIB = 900
IMAGE_MIB = 550
MEGAPIXEL = 1024 * 1024


def batches(images: int, width: int, height: int, room_mib: float | None) -> list[range]:
    """The images in as few batches as the room allows, and of one size as far as they go: other sizes compile anew."""
    scale = width * height / MEGAPIXEL
    fitting = images if room_mib is None else max(1, int((room_mib / scale - FIXED_MIB) / IMAGE_MIB))
    count = -(-images // fitting)
    size = -(-images // count)
    return [range(start, min(start + size, images)) for start in range(0, images, size)]


def room_mib(device: str, low_memory: bool) -> float | None:
    """What activations may take, in MiB; None for no limit that is known, 0 for as little as can be."""
    if low_memory:
        return 0
    if device != "cuda":
        return None
    free, total = torch.cuda.mem_get_info()
    allocated = torch.cuda.memory_allocated()
    promised = total * torch.cuda.get_per_process_memory_fraction() - allocated
    return min(promised, free + torch.cuda.memory_reserved() - allocated) / MIB
