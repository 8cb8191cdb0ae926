"""Weights in a prompt: `(red bicycle:1.3)` as producers write it, and `(red bicycle)1.3` as compel does.

Compel has more operators (`word++`, `("a", "b").and()`), but they turn up in plain prose (`C++`, `--`), and its parser
fails on others (`()`). So the text is read here, and compel gets parts with weights, never a string to parse.

The content policy reads a prompt the same way (`jobs/promptWeights.ts`): a mark that goes may join letters to a word.
"""

import re
from typing import NamedTuple

#: Further out pictures fall apart. Not 0 either: half precision cannot hold what compel makes of it.
LOWEST, HIGHEST = 0.05, 2.0

_MARK = re.compile(
    r"""
    \\(?P<escaped>[()])
    | (?P<open>\()
    | (?<!\s)\s* : \s* (?P<inside>\d{1,4}(\.\d{0,6})? | \.\d{1,6}) \s*\)
    | \) (?P<behind>\d{0,4}\.\d{1,6}) (?!\.?\w)
    | (?P<close>\))
    """,
    re.VERBOSE | re.ASCII,
)


class Part(NamedTuple):
    text: str
    weight: float


def weighted_parts(prompt: str) -> list[Part]:
    """The prompt in parts of one weight each, without the marks. Nested weights multiply; what is no weight is text."""
    texts: list[str] = []
    weights: list[float] = []
    opened: list[int] = []

    def add(text: str) -> None:
        texts.append(text)
        weights.append(1.0)

    position = 0
    for mark in _MARK.finditer(prompt):
        add(prompt[position : mark.start()])
        position = mark.end()
        number = mark["inside"] or mark["behind"]
        if mark["escaped"]:
            add(mark["escaped"])
        elif mark["open"]:
            opened.append(len(texts))
            add("(")
        elif not opened:
            add(mark[0])
        elif number is None:
            opened.pop()
            add(")")
        else:
            start = opened.pop()
            texts[start] = ""
            for index in range(start, len(weights)):
                weights[index] *= float(number)
    add(prompt[position:])
    return _joined(texts, weights)


def _joined(texts: list[str], weights: list[float]) -> list[Part]:
    parts: list[Part] = []
    for text, given in zip(texts, weights, strict=True):
        weight = min(HIGHEST, max(LOWEST, given))
        if parts and (parts[-1].weight == weight or not text.strip()):
            parts[-1] = Part(parts[-1].text + text, parts[-1].weight)
        elif text:
            parts.append(Part(text, weight))
    return parts or [Part("", 1.0)]
