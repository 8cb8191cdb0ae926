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

from ourvidz_engine.libraries import quieten
from ourvidz_engine.tiny import wan as tiny_wan
from ourvidz_engine.tiny.sdxl import CHECKPOINT
from ourvidz_engine.wan.installed import VACE_FOLDER

DIFFUSERS, TRANSFORMERS = "diffusion_pytorch_model", "model"
#: What has no weights of its own. The tokenizer knows single letters only; the table of its words has its real size.
SMALL_PARTS = ("tokenizer", "scheduler", "model_index.json")


def write(models_dir: Path, small_text_encoder: bool) -> None:
    weights = RandomWeights("cuda" if torch.cuda.is_available() else "cpu")
    if not (models_dir / CHECKPOINT).is_file():
        write_file(models_dir / CHECKPOINT, real_shapes.sdxl().tensors, weights)
    wan = models_dir / VACE_FOLDER
    if (wan / SMALL_PARTS[-1]).is_file():
        return
    for part, shapes, stem in (
        ("transformer", real_shapes.vace(), DIFFUSERS),
        ("vae", real_shapes.wan_vae(), DIFFUSERS),
        ("text_encoder", real_shapes.text_encoder(small_text_encoder), TRANSFORMERS),
    ):
        write_shards(wan / part, stem, shapes.tensors, weights)
        configured = shapes.model
        if stem == DIFFUSERS:
            configured.save_config(wan / part)
        else:
            configured.config.save_pretrained(wan / part)
    with tempfile.TemporaryDirectory() as tiny:
        tiny_wan.write(Path(tiny))
        for part in SMALL_PARTS:
            source = Path(tiny) / VACE_FOLDER / part
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, wan / part)


def count() -> dict[str, dict[str, int]]:
    models = {
        "sdxl": real_shapes.sdxl(),
        "vace": real_shapes.vace(),
        "wan_vae": real_shapes.wan_vae(),
        "umt5_xxl": real_shapes.text_encoder(),
    }
    return {name: {"parameters": each.parameters, "bytes": each.bytes} for name, each in models.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models_dir", type=Path, nargs="?")
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--without-text-encoder", action="store_true", help="some MB instead of 11.4 GB")
    given = parser.parse_args()
    quieten()
    if given.count:
        print(json.dumps(count()))
    elif given.models_dir is None:
        parser.error("DIR is missing")
    else:
        write(given.models_dir, given.without_text_encoder)


main()
