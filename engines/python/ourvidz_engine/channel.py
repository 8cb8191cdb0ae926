"""This program's end of the protocol: one JSON object a line, events out on a private descriptor, commands in on stdin."""

import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any, Protocol

log = logging.getLogger(__name__)

PROTOCOL_VERSION = 1


class Events(Protocol):
    """Where events go."""

    def send(self, type: str, /, **fields: Any) -> None: ...


class Channel:
    def __init__(self, descriptor: int) -> None:
        self._out = open(descriptor, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - for the process's life
        self._lock = threading.Lock()

    def send(self, type: str, /, **fields: Any) -> None:
        """Sends one event, from any thread. A parent that is gone is noticed at the end of stdin, not here."""
        # In ASCII: half of a surrogate pair, which UTF-8 cannot say, must not end the thread that tells a job's end.
        line = json.dumps({"type": type, **fields}, allow_nan=False)
        with self._lock:
            try:
                self._out.write(line + "\n")
                self._out.flush()
            except OSError:
                pass

    def commands(self) -> Iterator[dict[str, Any]]:
        """Commands until stdin ends. Lines that are none are told, without what they held."""
        for line in sys.stdin:
            try:
                command = json.loads(line)
            except ValueError:
                command = None
            if isinstance(command, dict) and isinstance(command.get("type"), str):
                yield command
            else:
                log.warning("a line that is no command")
