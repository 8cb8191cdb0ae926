"""Which lines of the program's output would give the prompt away: the official program logs it, and all its arguments."""

import re

#: A letter of a script that does not part its words is a word of its own.
WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
#: So many words of the prompt in its order are no accident.
TELLING_WORDS = 3
#: A prompt of fewer letters says nothing, and is in every line.
TELLING_LETTERS = 3
LOGGED = re.compile(r"Namespace\(|prompt\s*:|--prompt", re.IGNORECASE)


class PromptGuard:
    def __init__(self, prompt: str) -> None:
        self._words = words_of(prompt)
        self._runs = {count: set(runs_of(self._words, count)) for count in range(1, TELLING_WORDS + 1)}

    def reveals(self, line: str) -> bool:
        if LOGGED.search(line):
            return True
        words = words_of(line)
        count = min(TELLING_WORDS, len(words), len(self._words))
        return count > 0 and any(
            run in self._runs[count] for run in runs_of(words, count) if len("".join(run)) >= TELLING_LETTERS
        )


def words_of(text: str) -> list[str]:
    return WORDS.findall(text.casefold())


def runs_of(words: list[str], count: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + count]) for start in range(len(words) - count + 1)]
