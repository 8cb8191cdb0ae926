"""CLIP's two tokenizers, as files. Their vocabulary is derived from the list of merges, as CLIP's own code does it."""

import gzip
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ..failures import EngineFailure

START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
#: 49,408 ids less the bytes, the bytes at the end of a word, and the two marks above.
MERGES = 49_408 - 2 * 256 - 2
VOCABULARY_FILE = "bpe_simple_vocab_16e6.txt.gz"


def clip_merges() -> list[str]:
    """The merges that OpenAI published, from the package that ships them. The package itself is never imported."""
    spec = find_spec("open_clip")
    for folder in () if spec is None else spec.submodule_search_locations or ():
        file = Path(folder) / VOCABULARY_FILE
        if file.is_file():
            lines = gzip.decompress(file.read_bytes()).decode("utf-8").split("\n")
            return lines[1 : MERGES + 1]
    raise EngineFailure(
        "model_missing", f"CLIP's vocabulary ({VOCABULARY_FILE} of open_clip_torch) is not installed"
    )


def byte_characters() -> list[str]:
    """A printable character for each byte, in the order of their ids: printable bytes first, then all others."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = 256 - len(printable)
    return [chr(byte) for byte in printable] + [chr(256 + number) for number in range(others)]


def vocabulary(merges: Sequence[str]) -> dict[str, int]:
    characters = byte_characters()
    words = [*characters, *(character + WORD_END for character in characters)]
    words += [merge.replace(" ", "") for merge in merges]
    return {word: number for number, word in enumerate([*words, START, END])}


def write_tokenizer(folder: Path, merges: Sequence[str], padding: str) -> None:
    """`padding` is the one difference between SDXL's two tokenizers."""
    folder.mkdir(parents=True)
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": 77,
        "bos_token": START,
        "eos_token": END,
        "unk_token": END,
        "pad_token": padding,
        "do_lower_case": True,
        "errors": "replace",
        "add_prefix_space": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "vocab.json").write_text(json.dumps(vocabulary(merges), ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
