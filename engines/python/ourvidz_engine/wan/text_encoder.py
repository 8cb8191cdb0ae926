"""umT5-xxl, by far the largest part of WAN and needed for a second of a job only: a model of its own that may come and go."""

import threading
from pathlib import Path

import torch
from ftfy import TextFixerConfig, fix_text
from transformers import BatchEncoding, PreTrainedTokenizerFast

from ..failures import EngineFailure
from ..gates import add_gates
from .weights import read_text_encoder

#: Tokens that WAN reads; what is longer is cut.
LENGTH = 512
#: What diffusers does to a prompt, less whatever could make other letters of it than the content policy has read.
TYPOGRAPHY = TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_encoding=False,
    fix_surrogates=False,
    remove_control_chars=False,
    explain=False,
)


class TextEncoder:
    def __init__(self, device: str, dtype: torch.dtype) -> None:
        self._device = device
        self._dtype = dtype
        self._lock = threading.Lock()
        self._encoding = 0
        self._model = None
        self._tokenizer = None

    def load(self, folder: Path) -> None:
        self._tokenizer = read_tokenizer(folder / "tokenizer")
        model = read_text_encoder(folder / "text_encoder", self._dtype, self._device)
        add_gates("wan.text_encoder", model.encoder.block)
        self._model = model

    def unload(self) -> None:
        self._model = self._tokenizer = None

    @property
    def loaded(self) -> bool:
        return self._model is not None

    def encode(self, text: str) -> torch.Tensor:
        """Tokens × features, on the host, without the padding."""
        with self._lock:
            model, tokenizer = self._model, self._tokenizer
            if model is None or tokenizer is None:
                raise EngineFailure("internal", "the prompt's embedding was dropped while the job waited")
            self._encoding += 1
            model.to(self._device)
        try:
            given = tokens(tokenizer, text)
            mask = given.attention_mask
            states = model(given.input_ids.to(self._device), mask.to(self._device)).last_hidden_state
            return states[0, : int(mask.sum())].to("cpu", copy=True)
        finally:
            with self._lock:
                self._encoding -= 1

    def park(self) -> None:
        """Off the card until it is needed again, unless a job of another lane stands in the middle of it."""
        with self._lock:
            if self._model is not None and self._encoding == 0:
                self._model.to("cpu")


def read_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """As its file has it: by the class that its configuration names, T5's, it would be built anew, with T5's ids."""
    return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)


def tokens(tokenizer: PreTrainedTokenizerFast, text: str) -> BatchEncoding:
    return tokenizer(
        cleaned(text), padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
    )


def cleaned(text: str) -> str:
    """With the plain quotes, widths and blanks that WAN was trained on. Entities were read before the prompt was checked
    (`jobs/promptText.ts`), and are plain text here."""
    return " ".join(fix_text(text, TYPOGRAPHY).split())


def padded(embedding: torch.Tensor) -> torch.Tensor:
    """As the transformer takes it: a batch of one, with zeros for the tokens that the text does not have."""
    tokens, features = embedding.shape
    return torch.cat([embedding, embedding.new_zeros(LENGTH - tokens, features)]).unsqueeze(0)
