"""What the program does on a card and a CPU cannot show, on a simulated one; told as JSON. `python card_checks.py MODELS_DIR`."""

import json
import sys
import threading
from pathlib import Path

import simulated_card
import torch
from doubles import Nobody, progress_of_nobody

from ourvidz_engine.gate_log import GateLog
from ourvidz_engine.libraries import quieten
from ourvidz_engine.options import parse_options
from ourvidz_engine.sdxl import Sdxl
from ourvidz_engine.sdxl.batches import batches, room_mib
from ourvidz_engine.tiny.sdxl import CHECKPOINT
from ourvidz_engine.turn import Hold, Turn
from ourvidz_engine.wan.family import Wan

MODELS_DIR = Path(sys.argv[1])


def mixed_devices() -> list[str]:
    layer = torch.nn.Linear(3, 4).to("cuda")
    told = [str(layer.weight.device), str(layer(torch.ones(1, 3, device="cuda")).device)]
    for wrong in (lambda: layer(torch.ones(1, 3)), lambda: layer.weight.detach().numpy()):
        try:
            wrong()
        except (RuntimeError, TypeError) as error:
            told.append(str(error).split(",")[0])
    return told


def precisions() -> dict[str, str]:
    paths = ["--models-dir", str(MODELS_DIR), "--sdxl-checkpoint", str(MODELS_DIR / CHECKPOINT)]
    options = parse_options(["--device", "cuda", *paths, "--cache-dir", str(MODELS_DIR / "cache")])
    sdxl, wan = Sdxl(options), Wan(options)
    sdxl.load("lustify_sdxl")
    for model in wan.models:
        wan.load(model)
    assert sdxl._loaded and wan._models and wan._models.vace and wan._encoder._model
    pipe, _text = sdxl._loaded
    vace = wan._models.vace
    named = {
        "sdxl unet": pipe.unet.conv_in.weight,
        "sdxl text": next(pipe.text_encoder.parameters()),
        "sdxl vae": pipe.vae.decoder.conv_in.weight,
        "wan blocks": vace.blocks[0].attn1.to_q.weight,
        "wan time": vace.condition_embedder.time_embedder.linear_1.weight,
        "wan vae": wan._models.of_this_thread().vae.decoder.conv_in.weight,
        "wan text": next(wan._encoder._model.parameters()),
    }
    facts = {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in named.items()}
    weight = pipe.unet.down_blocks[0].resnets[0].conv1.weight.inner
    return {**facts, "layout": "channels_last" if is_channels_last(weight) else "contiguous"}


def is_channels_last(weight: torch.Tensor) -> bool:
    return weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()


def run_ahead() -> list[list[int]]:
    """After each gate: which of the gates before it the card has been waited for at."""
    waited: list[int] = []
    made = 0

    class Event:
        def __init__(self, **_options: object) -> None:
            nonlocal made
            self._number, made = made, made + 1

        def record(self) -> None: ...

        def synchronize(self) -> None:
            waited.append(self._number)

    torch.cuda.Event = Event
    progress = progress_of_nobody()
    hold = Hold(Turn("sdxl", Nobody(), "cuda", GateLog(None)), "job", threading.Event(), progress, True)
    hold.began(asked=False)
    after = []
    for _ in range(5):
        hold.gate()
        after.append(list(waited))
    return after


def parts_by_free_memory() -> list[list[int]]:
    """Sizes of the batches of six images, with ever less of the card free."""
    sizes = []
    for free_gib in (40, 3, 1):
        torch.cuda.mem_get_info = lambda free=free_gib: (free * 2**30, simulated_card.MEMORY_BYTES)
        parts = batches(6, 1024, 1024, room_mib("cuda", low_memory=False))
        sizes.append([len(part) for part in parts])
    return sizes


quieten()
simulated_card.simulate()
with simulated_card.OnCall(), simulated_card.OnDispatch(), torch.no_grad():
    print(
        json.dumps(
            {
                "mixed": mixed_devices(),
                "precisions": precisions(),
                "runAhead": run_ahead(),
                "parts": parts_by_free_memory(),
            }
        )
    )
