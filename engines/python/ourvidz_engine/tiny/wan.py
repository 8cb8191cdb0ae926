"""Tiny WAN 2.1: a VACE folder and a text-to-video folder with the same weights, laid out as diffusers lays them out."""

import json
import string
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLWan,
    UniPCMultistepScheduler,
    WanTransformer3DModel,
    WanVACETransformer3DModel,
)
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import Unigram
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

from ..wan.installed import T2V_FOLDER, VACE_FOLDER

SEED = 21

TRANSFORMER = {
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "in_channels": 16,
    "out_channels": 16,
    "text_dim": 32,
    "freq_dim": 256,
    "ffn_dim": 32,
    "num_layers": 3,
    "rope_max_seq_len": 64,
}
VACE = {"vace_layers": [0, 2], "vace_in_channels": 96}


def write(models_dir: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        vace = WanVACETransformer3DModel(**TRANSFORMER, **VACE)
        text_only = WanTransformer3DModel(**TRANSFORMER)
        text_only.load_state_dict(vace.state_dict(), strict=False)
        # No blocks beside those of the decoder and the middle: at real sizes its few channels are slow on a CPU, not small.
        vae = AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1] * 4, num_res_blocks=0, temperal_downsample=[False, True, True]
        )
        encoder = UMT5EncoderModel(_text_config())
    for name, transformer in ((VACE_FOLDER, vace), (T2V_FOLDER, text_only)):
        folder = models_dir / name
        transformer.save_pretrained(folder / "transformer")
        vae.save_pretrained(folder / "vae")
        encoder.save_pretrained(folder / "text_encoder")
        _write_tokenizer(folder / "tokenizer")
        _scheduler().save_pretrained(folder / "scheduler")
        _write_index(folder, transformer)


def _text_config() -> UMT5Config:
    return UMT5Config(vocab_size=len(_pieces()), d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4)


def _scheduler() -> UniPCMultistepScheduler:
    return UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)


def _pieces() -> list[tuple[str, float]]:
    """Single characters only; what is none of them, Chinese for example, is unknown."""
    letters = string.ascii_letters + string.digits + string.punctuation + "▁"
    special = ("<pad>", "</s>", "<s>", "<unk>")
    return [*((piece, 0.0) for piece in special), *((letter, -2.0) for letter in letters)]


def _write_tokenizer(folder: Path) -> None:
    """As umT5's: the class that it names is T5's, whose unknown token has another id."""
    tokenizer = Tokenizer(Unigram(_pieces(), unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=512,
    ).save_pretrained(folder)
    file = folder / "tokenizer_config.json"
    file.write_text(
        json.dumps({**json.loads(file.read_text()), "tokenizer_class": "T5Tokenizer"}, indent=2) + "\n"
    )


def _write_index(folder: Path, transformer: torch.nn.Module) -> None:
    kind = "WanVACEPipeline" if isinstance(transformer, WanVACETransformer3DModel) else "WanPipeline"
    index = {
        "_class_name": kind,
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "transformer": ["diffusers", type(transformer).__name__],
        "vae": ["diffusers", "AutoencoderKLWan"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
