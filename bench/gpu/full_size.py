"""`python full_size.py DIR` writes models of the real shapes with random weights into DIR, in the layout of MODELS_DIR.

Nothing is downloaded: a card takes as long for random numbers as for learned ones. A model that is there already stays.
`--count` writes nothing and needs no DIR: it tells the parameters and bytes of each model, as JSON.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import real_shapes
import torch
from random_weights import RandomWeights, write_file, write_shards
from transformers import PreTrainedTokenizerFast

from ourvidz_engine.enhancer import FOLDER as ENHANCER_FOLDER
from ourvidz_engine.libraries import quieten
from ourvidz_engine.sdxl.adapters import ENCODER, PLAIN, PLUS
from ourvidz_engine.tiny import qwen as tiny_qwen
from ourvidz_engine.tiny import wan as tiny_wan
from ourvidz_engine.tiny.sdxl import CHECKPOINT
from ourvidz_engine.wan.installed import VACE_FOLDER

DIFFUSERS, TRANSFORMERS = "diffusion_pytorch_model", "model"
#: What has no weights of its own. The tokenizer knows single letters only; the table of its words has its real size.
SMALL_PARTS = ("tokenizer", "scheduler", "model_index.json")


def write(models_dir: Path, language_models: bool) -> None:
    weights = RandomWeights("cuda" if torch.cuda.is_available() else "cpu")
    if not (models_dir / CHECKPOINT).is_file():
        write_file(models_dir / CHECKPOINT, real_shapes.sdxl().tensors, weights)
    adapters = models_dir / "ip-adapter"
    if not (adapters / PLUS).is_file():
        write_adapters(adapters, weights)
    wan = models_dir / VACE_FOLDER
    if not (wan / SMALL_PARTS[-1]).is_file():
        write_wan(wan, weights, language_models)
    enhancer = models_dir / ENHANCER_FOLDER
    if language_models and not (enhancer / "config.json").is_file():
        write_enhancer(enhancer, weights)


def write_adapters(folder: Path, weights: RandomWeights) -> None:
    encoder = real_shapes.image_encoder()
    write_shards(folder / ENCODER, TRANSFORMERS, encoder.tensors, weights)
    encoder.model.config.save_pretrained(folder / ENCODER)
    write_file(folder / PLAIN, real_shapes.adapter(plus=False).tensors, weights)
    write_file(folder / PLUS, real_shapes.adapter(plus=True).tensors, weights)


def write_wan(folder: Path, weights: RandomWeights, language_models: bool) -> None:
    for part, shapes, stem in (
        ("transformer", real_shapes.vace(), DIFFUSERS),
        ("vae", real_shapes.wan_vae(), DIFFUSERS),
        ("text_encoder", real_shapes.text_encoder(small=not language_models), TRANSFORMERS),
    ):
        write_shards(folder / part, stem, shapes.tensors, weights)
        configured = shapes.model
        if stem == DIFFUSERS:
            configured.save_config(folder / part)
        else:
            configured.config.save_pretrained(folder / part)
    with tempfile.TemporaryDirectory() as tiny:
        tiny_wan.write(Path(tiny))
        for part in SMALL_PARTS:
            source = Path(tiny) / VACE_FOLDER / part
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / part)


def write_enhancer(folder: Path, weights: RandomWeights) -> None:
    """It speaks in the tiny one's words."""
    tokenizer = tiny_qwen.make_tokenizer()
    model = real_shapes.language_model()
    write_shards(folder, TRANSFORMERS, model.tensors, Speaking(weights.device, tokenizer))
    tokenizer.save_pretrained(folder)
    generation = tiny_qwen.generation_config(tokenizer)
    # A random word is followed by itself, and the end never comes by itself. As long as what it is asked for.
    generation.no_repeat_ngram_size = 2
    generation.exponential_decay_length_penalty = (150, 1.2)
    generation.save_pretrained(folder)
    model.model.config.save_pretrained(folder)


class Speaking(RandomWeights):
    def __init__(self, device: str, tokenizer: PreTrainedTokenizerFast) -> None:
        super().__init__(device)
        self._tokenizer = tokenizer

    def like(self, name: str, shape: torch.Tensor) -> torch.Tensor:
        tensor = super().like(name, shape)
        if name == "lm_head.weight":
            tensor[tiny_qwen.silent(self._tokenizer, shape.shape[0])] = 0
        return tensor


def count() -> dict[str, dict[str, int]]:
    models = {
        "sdxl": real_shapes.sdxl(),
        "vace": real_shapes.vace(),
        "wan_vae": real_shapes.wan_vae(),
        "umt5_xxl": real_shapes.text_encoder(),
        "image_encoder": real_shapes.image_encoder(),
        "ip_adapter": real_shapes.adapter(plus=False),
        "ip_adapter_plus": real_shapes.adapter(plus=True),
        "qwen": real_shapes.language_model(),
    }
    return {name: {"parameters": each.parameters, "bytes": each.bytes} for name, each in models.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models_dir", type=Path, nargs="?")
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--without-language-models", action="store_true", help="some MB instead of 27 GB")
    given = parser.parse_args()
    quieten()
    if given.count:
        print(json.dumps(count()))
    elif given.models_dir is None:
        parser.error("DIR is missing")
    else:
        write(given.models_dir, not given.without_language_models)


main()
