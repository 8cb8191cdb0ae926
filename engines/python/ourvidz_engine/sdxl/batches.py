"""How many images of a job are drawn at once."""

import torch

#: Of 1024 × 1024 under guidance, as the worker reckons when it sets memory aside (`gpu/memoryNeeds.ts`, with the source):
#: what any batch takes, and what each image of it adds.
FIXED_MIB = 2_500
IMAGE_MIB = 1_392
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
    return min(promised, free + torch.cuda.memory_reserved() - allocated) / MEGAPIXEL
