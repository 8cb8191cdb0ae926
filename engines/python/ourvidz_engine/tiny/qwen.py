"""A prompt enhancer of Qwen2.5's topology with random weights. It speaks in random words, the same for the same prompt."""

from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

FOLDER = "qwen2.5-7b-instruct"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
#: As in the real one: a role, its text, and an opening for the answer.
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS = """a red bicycle leans on the white wall of a lighthouse above a calm grey sea. warm evening light falls over wet stones,
long shadows cross the path, gulls drift past a slow cloud. the camera moves gently forward through tall grass while wind bends
every blade. soft focus, muted colours, fine grain, quiet mood, deep space between near rocks and far hills. morning mist lifts
from a harbour with small wooden boats, ropes, nets, painted doors and copper roofs. a lantern glows behind old glass."""


def write(models_dir: Path) -> None:
    folder = models_dir / FOLDER
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=4096,
            initializer_range=0.4,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=tokenizer.convert_tokens_to_ids("<|im_end|>"),
        )
    ).eval()
    with torch.no_grad():
        model.lm_head.weight[silent(tokenizer)] = 0.0
    model.generation_config = generation_config(tokenizer)
    model.save_pretrained(folder)


def generation_config(tokenizer: PreTrainedTokenizerFast) -> GenerationConfig:
    """Sampled, as the real one's: whoever wants the same text twice has to say so."""
    return GenerationConfig(
        do_sample=True,
        temperature=0.7,
        top_p=0.8,
        top_k=20,
        repetition_penalty=2.5,
        eos_token_id=tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"]),
        pad_token_id=tokenizer.convert_tokens_to_ids("<|endoftext|>"),
    )


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE, as Qwen's: it can read anything, and knows some words whole."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([WORDS.replace("\n", " ")] * 4, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"],
    )
    fast.chat_template = TEMPLATE
    return fast


def silent(tokenizer: PreTrainedTokenizerFast, vocabulary: int | None = None) -> list[int]:
    """Rows of the model's head that are to be 0, so that these tokens are never the likeliest: a random byte is no character,
    a control token no word, and what is beyond the tokenizer's own nothing at all.

    The end is like a word: it comes when those that the model likes better are used up.
    """
    words = {" " + word for word in WORDS.replace(",", " ,").replace(".", " .").split()} | {".", ","}
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    known = len(tokenizer)
    wordless = [index for index in range(known) if index != end and tokenizer.decode([index]) not in words]
    return [*wordless, *range(known, vocabulary or known)]
