"""What the program says while it runs: how far it is, what went wrong, and its last lines without the prompt."""

import codecs
import re
from collections import deque

from .prompt_guard import PromptGuard

KEPT_LINES = 50
LONGEST_LINE = 2_000
#: Of more lines at once the first are not looked at: reading must not take longer than the program's writing.
READ_LINES = 200
#: Written by tqdm: ` 25%|██▌       | 12/50 [00:41<02:10,  3.43s/it]`.
BAR = re.compile(r"\d+%\|[^|]*\|\s*(\d+)/(\d+)\b")
OUT_OF_MEMORY = re.compile(r"\A\S*OutOfMemoryError\b|\A\S*Error: CUDA (?:error: )?out of memory")
DISK_FULL = re.compile(r"\A(?!\[\d{4}-).*\bNo space left on device")
MISSING_FILE = re.compile(
    # Not an OSError with a number, as of a volume that is out of reach.
    r"\A(?:FileNotFoundError|NotADirectoryError|OSError(?!: \[Errno)|\S*HFValidationError|\S*SafetensorError)\b"
)
ERROR = re.compile(r"\A[\w.]+(?:Error|Exception|Interrupt|error)\b.*")


class ProgramOutput:
    """Fed by one thread, read by another."""

    def __init__(self, prompt: str, steps: int, checkpoint: str) -> None:
        #: Sampling steps that are done.
        self.step = 0
        self.out_of_memory = False
        self.disk_full = False
        self.checkpoint_missing = False
        self._steps = steps
        self._checkpoint = checkpoint
        self._guard = PromptGuard(prompt)
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, chunk: bytes) -> None:
        """A progress bar begins each of its states with a carriage return. Of an endless line only the beginning is kept."""
        *lines, rest = re.split(r"[\r\n]", self._rest + self._decoder.decode(chunk))
        for line in lines[-READ_LINES:]:
            self._hear(line[:LONGEST_LINE].strip())
        self._rest = rest[:LONGEST_LINE]

    def finish(self) -> None:
        self._hear(self._rest.strip())
        self._rest = ""

    def tail(self) -> list[str]:
        """Its last lines, those left out that hold words of the prompt."""
        return list(self._lines)

    def reason(self) -> str:
        """The last error that it told of, or else its last line; may be empty."""
        errors = [line for line in self._lines if ERROR.match(line)]
        return (errors or list(self._lines) or [""])[-1][:300]

    def _hear(self, line: str) -> None:
        if not line:
            return
        bar = BAR.search(line)
        if bar:
            # Other bars (shards that load) count something else.
            if int(bar.group(2)) == self._steps:
                self.step = max(self.step, min(int(bar.group(1)), self._steps))
            return
        self.out_of_memory |= bool(OUT_OF_MEMORY.match(line))
        self.disk_full |= bool(DISK_FULL.match(line))
        self.checkpoint_missing |= bool(MISSING_FILE.match(line)) and self._checkpoint in line
        if not self._guard.reveals(line):
            self._lines.append(line)
