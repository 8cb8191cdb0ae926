"""More models over weights that are there already: each thread needs some state of its own, none needs more memory."""

import copy
from itertools import chain
from typing import TypeVar

import torch
from diffusers import WanTransformer3DModel, WanVACETransformer3DModel

Module = TypeVar("Module", bound=torch.nn.Module)


def shell(module: Module) -> Module:
    """A copy of everything but the tensors: what it keeps between calls (feature caches, hooks) is its own."""
    tensors = {id(tensor): tensor for tensor in chain(module.parameters(), module.buffers())}
    return copy.deepcopy(module, tensors)


def text_only_of(vace: WanVACETransformer3DModel) -> WanTransformer3DModel:
    """The text-to-video model inside VACE, by the same modules: without a reference a step costs a third less."""
    with torch.device("meta"):
        model = WanTransformer3DModel.from_config(
            {**vace.config, "num_layers": 0, "_class_name": "WanTransformer3DModel"}
        )
    model.register_to_config(num_layers=vace.config.num_layers)
    for name, _child in list(model.named_children()):
        setattr(model, name, getattr(vace, name))
    model.scale_shift_table = vace.scale_shift_table
    return model.eval()
