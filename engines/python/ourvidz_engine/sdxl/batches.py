"""How many images of a job are drawn at once."""

import torch

#: Activations of one image of 1024 × 1024 under guidance: a batch of 4 peaks at 15.4 GB over weights of 6.94 GB.
MIB_PER_MEGAPIXEL = 2_100
MEGAPIXEL = 1024 * 1024


def batches(images: int, width: int, height: int, room_mib: float | None) -> list[range]:
    """The images in as few batches as the room allows, and of one size as far as they go: other sizes compile anew."""
    each = MIB_PER_MEGAPIXEL * width * height / MEGAPIXEL
    fitting = images if room_mib is None else max(1, int(room_mib / each))
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
    return min(promised, free + torch.cuda.memory_reserved() - allocated) / MEGAPIXEL
