"""From what a language model answers to a prompt: one line, without what models say around it. Pure, and free of torch."""

import re
import unicodedata

LONGEST_TEXT = 2_000
#: A cut answer of fewer characters says less than the prompt that it was made from.
SHORTEST_CUT = 40
#: A word so often in a row is a model that has lost its way.
LONGEST_STAMMER = 6

THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
#: A line that only announces the next: "Sure! Here is the enhanced prompt:".
ANNOUNCEMENT = re.compile(r"\A[^\n:：]{0,120}[:：]\s*\n+")
COURTESY = re.compile(
    r"\A(?:sure|certainly|of course|okay|absolutely)\b(?: thing)?\s*[!,.:]\s*", re.IGNORECASE
)
KINDS = r"(?:enhanced|improved|rewritten|revised|refined|detailed|final|new|better|video|image|text|output|positive)"
LABEL = re.compile(
    rf"\A(?:here(?:['’]s| is)\b[^:：]{{0,80}}\b(?:prompt|version|description)\b[^:：]{{0,40}}|{KINDS}(?:\s+{KINDS})*"
    rf"|(?:{KINDS}\s+)*(?:prompt|description|version)|(?:增强|改写|优化)?(?:后的)?提示词)\s*[:：]\s*",
    re.IGNORECASE,
)
#: Paragraphs after the prompt that talk about it.
REMARK = re.compile(
    r"\n\s*(?:\(?(?:note|notes|explanation|negative prompt|this (?:prompt|version|description)|i(?:'ve| have)|i hope|"
    r"let me know|feel free)\b).*\Z",
    re.DOTALL | re.IGNORECASE,
)
REFUSAL = re.compile(
    r"\A(?:i['’]?m (?:really |very |so )?(?:sorry|afraid|unable|not able)|i am (?:really |very |so )?(?:sorry|afraid|unable|"
    r"not able)|sorry,|i (?:can(?:no|['’])?t|can not|won['’]?t|will not|do not feel|must decline)\b|unfortunately,? i\b|"
    r"as an ai\b|as a language model|my apologies|i apologi[sz]e|抱歉|对不起|很抱歉|我无法|我不能|lo siento|no puedo|"
    r"es tut mir leid|ich kann (?:das |dies |diese \w+ )?nicht|je suis désolé|je ne peux pas|desculpe|mi dispiace)",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"[.!?…。！？](?=[\"'”’)\]]*(?:\s|\Z))|[。！？]")
STAMMER = re.compile(rf"\b(\w+)(?:\W+\1\b){{{LONGEST_STAMMER - 1},}}", re.IGNORECASE)
QUOTES = [
    ('"', '"'),
    ("'", "'"),
    ("“", "”"),
    ("‘", "’"),
    ("„", "“"),
    ("«", "»"),
    ("「", "」"),
    ("『", "』"),
    ("`", "`"),
    ("**", "**"),
]
#: Joiners: letters of some scripts, and emoji, fall apart without them.
KEPT_FORMATS = "\u200c\u200d"


class UnusableError(Exception):
    """The answer is no prompt. The message says why, without the answer."""


def clean(answer: str, original: str, ended: bool = True, in_time: bool = True) -> str:
    """The prompt in an answer, at most 2,000 characters. One that has not ended is cut at its last full stop; without
    any it is of use if it came in time, since then it only was too long.

    Raises `UnusableError` for an answer that is empty, refuses, stammers or says what the original said.
    """
    text = without_wrapping(THOUGHT.sub(" ", answer).rpartition("</think>")[2])
    text = one_line(text)
    text = unquoted(LABEL.sub("", COURTESY.sub("", unquoted(text))))
    if not ended:
        text = whole_sentences(text) or (at_word(text, len(text) - 1) if in_time else "")
    text = at_word(text, LONGEST_TEXT)
    if not any(character.isalpha() for character in text):
        raise UnusableError("the enhancer gave no text")
    if REFUSAL.match(text):
        raise UnusableError("the enhancer declined to answer")
    if STAMMER.search(text):
        raise UnusableError("the enhancer repeated itself")
    if letters(text) == letters(original):
        raise UnusableError("the enhancer changed nothing")
    return text


def without_wrapping(text: str) -> str:
    """What stands in a code fence, if there is one; without announcements before it and remarks after it."""
    fenced = FENCE.search(text)
    text = (fenced.group(1) if fenced else text).replace("```", " ").strip()
    first = ANNOUNCEMENT.match(text)
    if first and re.search(
        r"prompt|here|sure|certainly|version|description|提示词", first.group(), re.IGNORECASE
    ):
        text = text[first.end() :]
    text = REMARK.sub("", text)
    lines = (re.sub(r"^\s*(?:#{1,6}|[-*•])\s+", "", line) for line in text.splitlines())
    return "\n".join(lines).replace("**", "")


def one_line(text: str) -> str:
    """Blanks for line breaks and tabs, nothing for what cannot be seen or is no character."""
    spaced = "".join(" " if character.isspace() else character for character in text)
    shown = "".join(character for character in spaced if is_shown(character))
    return " ".join(shown.split())


def is_shown(character: str) -> bool:
    if character == "\ufffd":
        return False
    return character in KEPT_FORMATS or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def unquoted(text: str) -> str:
    """Without quotation marks around the whole; those around a part of it stay."""
    text = text.strip()
    for left, right in QUOTES:
        inner = text[len(left) : -len(right)]
        around = text.startswith(left) and text.endswith(right) and inner != ""
        if around and left not in inner and right not in inner:
            return unquoted(inner)
    return text


def whole_sentences(text: str) -> str:
    """Up to the end of the last sentence; nothing if there is none, or hardly anything before it."""
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends and ends[-1] >= SHORTEST_CUT else ""


def at_word(text: str, longest: int) -> str:
    """At most so many characters, no word cut in two if it has any blank."""
    if len(text) <= max(longest, 0):
        return text
    head = text[: longest + 1]
    cut = head.rpartition(" ")[0] or head[:longest]
    return cut.rstrip(" ,;:-")


def letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
