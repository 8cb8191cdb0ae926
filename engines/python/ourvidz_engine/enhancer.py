"""The prompt enhancer: Qwen2.5-7B-Instruct rewrites a prompt. Whatever goes wrong, the original prompt is used instead."""

from typing import Any

import torch
from transformers import AutoTokenizer

from .enhanced_text import UnusableError, clean
from .enhancer_model import is_installed, read_language_model
from .enhancer_prompt import messages, without_tokens
from .failures import EngineFailure
from .fetching import missing
from .gates import add_gates, held_ms
from .jobs import EnhanceJob
from .options import Options
from .renderer import Work

MODEL = "prompt_enhancer"
FOLDER = "qwen2.5-7b-instruct"
#: 120 words in any language that it writes, and room to end the sentence.
LONGEST_TOKENS = 256


class PromptEnhancer:
    models = (MODEL,)

    def __init__(self, options: Options) -> None:
        self._folder = options.models_dir / FOLDER
        self._device = options.device
        self._limit_ms = options.enhance_limit_seconds * 1000
        #: The model and its tokenizer.
        self._both: tuple[Any, Any] | None = None

    def models_of(self, job: EnhanceJob) -> list[str]:
        return [MODEL]

    def check(self, job: EnhanceJob) -> None:
        if job.medium not in ("image", "video"):
            raise EngineFailure("invalid_input", "the enhancer rewrites prompts for an image or a video")
        if not is_installed(self._folder):
            raise missing(f"the weights of the prompt enhancer are not in {self._folder}")

    def load(self, model: str) -> None:
        if self._both is not None:
            return
        dtype = torch.bfloat16 if self._device == "cuda" else torch.float32
        tokenizer = AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
        language_model = read_language_model(self._folder, dtype, self._device)
        add_gates("enhancer.embed", [language_model.model.embed_tokens])
        add_gates("enhancer.layer", language_model.model.layers)
        self._both = (language_model, tokenizer)

    def unload(self, model: str) -> None:
        self._both = None

    def loaded(self) -> list[str]:
        return [] if self._both is None else [MODEL]

    def compute(self, job: EnhanceJob, work: Work) -> str:
        """The same text for the same job. Raises `internal` where there is none to use."""
        assert self._both is not None
        model, tokenizer = self._both
        work.phase("encoding-text", 0, LONGEST_TOKENS)
        asked = tokenizer.apply_chat_template(
            messages(without_tokens(job.prompt, list(tokenizer.get_added_vocab())), job.medium),
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        ).to(self._device)
        given = asked["input_ids"].shape[1]
        watch = Watch(work, given, self._limit_ms)
        work.phase("rendering", 0, LONGEST_TOKENS)
        tokens = model.generate(**asked, max_new_tokens=LONGEST_TOKENS, stopping_criteria=[watch])[0, given:]
        answer = tokenizer.decode(tokens, skip_special_tokens=True)
        try:
            return clean(
                answer, job.prompt, ended=int(tokens[-1]) in ends_of(model), in_time=not watch.too_late
            )
        except UnusableError as problem:
            why = "the enhancer took too long" if watch.too_late else str(problem)
            raise EngineFailure("internal", why) from problem


def ends_of(model: Any) -> list[int]:
    ends = model.generation_config.eos_token_id
    return ends if isinstance(ends, list) else [ends]


class Watch:
    """Looks up between two tokens: a cancelled job ends with `Cancelled`, one that has held the card for too long stops."""

    def __init__(self, work: Work, given: int, limit_ms: float) -> None:
        self.too_late = False
        self._work = work
        self._given = given
        self._limit_ms = limit_ms

    def __call__(self, input_ids: torch.Tensor, scores: object, **_more: object) -> torch.Tensor:
        self._work.phase("rendering", input_ids.shape[1] - self._given)
        self.too_late = held_ms() > self._limit_ms
        return torch.full((input_ids.shape[0],), self.too_late, dtype=torch.bool, device=input_ids.device)
