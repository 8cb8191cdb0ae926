"""Prompts to embeddings, by compel: of any length, with weights."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from compel import Compel, CompelForSDXL
from compel.embeddings_provider import EmbeddingsProvider, SplitLongTextMode
from compel.prompt_parser import Conjunction, FlattenedPrompt
from diffusers import StableDiffusionXLPipeline

from .prompt_weights import Part, weighted_parts

log = logging.getLogger(__name__)

#: Chunks of 77 tokens: more than 10,000 letters of prose. Emoji can be many more; what is beyond is left out.
MOST_CHUNKS = 40
#: Passes through a text encoder that weights below 1 may cost: compel makes one for each such part and chunk.
MOST_PASSES = 80
#: How compel's complaints begin where it finds a part's tokens no more among those of the whole prompt.
COMPELS = (
    "couldn't find start of token sequence",
    "couldn't find end of token sequence",
    "token sequence mismatch",
)


@dataclass(frozen=True)
class Conditioning:
    """What the UNet is told, for one image."""

    embeds: torch.Tensor
    pooled: torch.Tensor
    negative_embeds: torch.Tensor
    negative_pooled: torch.Tensor


class TextEncoding:
    def __init__(self, pipe: StableDiffusionXLPipeline) -> None:
        both = CompelForSDXL(pipe)
        self._compels: tuple[Compel, Compel] = (both.compel_1, both.compel_2)
        for compel in self._compels:
            # At the last comma or point, not at sentences, compel's own choice: it takes the point of f/1.8 for the end of
            # one, however early it comes.
            compel.conditioning_provider.split_long_text_mode = SplitLongTextMode.PHRASES

    def encode(self, prompt: str, negative_prompt: str, job_id: str) -> Conditioning:
        embeds, pooled = self._encode(prompt, job_id)
        negative_embeds, negative_pooled = self._encode(negative_prompt, job_id)
        # Under guidance both go through the UNet as one batch.
        empty = torch.cat([compel.conditioning_provider.empty_z for compel in self._compels], dim=-1)
        embeds, negative_embeds = _of_one_length([embeds, negative_embeds], [empty, empty])
        return Conditioning(embeds, pooled, negative_embeds, negative_pooled)

    def _encode(self, prompt: str, job_id: str) -> tuple[torch.Tensor, torch.Tensor]:
        parts = [Part(harmless(text), weight) for text, weight in weighted_parts(prompt)]
        plain = harmless("".join(text for text, _ in parts))
        # The tokenizers differ in how they see what one of them pads with, so one text may take more chunks than the other.
        empty = [compel.conditioning_provider.empty_z for compel in self._compels]
        embeds = torch.cat(_of_one_length(self._both(parts, plain, job_id), empty), dim=-1)
        # The pooled embedding knows no weights and no more than 77 tokens: SDXL was trained so.
        return embeds, self._compels[1].conditioning_provider.get_pooled_embeddings([plain])

    def _both(self, parts: Sequence[Part], plain: str, job_id: str) -> list[torch.Tensor]:
        if len(parts) > 1 or parts[0].weight != 1:
            try:
                if self._affordable(parts):
                    return [_weighted(compel, parts) for compel in self._compels]
            except (RuntimeError, TypeError) as error:
                # Compel loses its way where a part begins with what it pads with. Anything else is ours to tell.
                if not _is_compels(error):
                    raise
            log.warning("%s: a prompt's weights were left out", job_id)
        return [_plain(compel.conditioning_provider, plain) for compel in self._compels]

    def _affordable(self, parts: Sequence[Part]) -> bool:
        provider = self._compels[0].conditioning_provider
        tokens = sum(map(len, provider.get_token_ids([part.text for part in parts])))
        chunks = tokens // provider.max_token_count + 1
        lowered = sum(part.weight < 1 for part in parts)
        return chunks <= MOST_CHUNKS and chunks * (1 + lowered) <= MOST_PASSES


def harmless(prompt: str) -> str:
    """Without lone surrogates, which tokenizers refuse, and without the tokenizers' own marks, which would end the text."""
    return prompt.encode("utf-8", errors="replace").decode("utf-8").replace("<|", "< |")


def _weighted(compel: Compel, parts: Sequence[Part]) -> torch.Tensor:
    prompt = FlattenedPrompt([(part.text, part.weight) for part in parts])
    return compel.build_conditioning_tensor_for_conjunction(Conjunction([prompt]))[0]


def _plain(provider: EmbeddingsProvider, text: str) -> torch.Tensor:
    tokens, weights, mask = provider.get_token_ids_and_expand_weights([text], [1.0], device=provider.device)
    end = MOST_CHUNKS * provider.max_token_count
    return provider.build_weighted_embedding_tensor(
        tokens[:end], weights[:end], mask[:end], device=provider.device
    )


def _of_one_length(texts: Sequence[torch.Tensor], empty: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Empty chunks make up for the difference."""
    longest = max(text.shape[1] for text in texts)
    return [
        torch.cat([text, *[chunk] * ((longest - text.shape[1]) // chunk.shape[1])], dim=1)
        for text, chunk in zip(texts, empty, strict=True)
    ]


def _is_compels(error: Exception) -> bool:
    """By the very type and by how the message begins: an out of memory and an error of the card are other kinds of
    `RuntimeError` or say something else, and after its beginning a message of compel's quotes the prompt."""
    return type(error) is TypeError or (type(error) is RuntimeError and str(error).startswith(COMPELS))
