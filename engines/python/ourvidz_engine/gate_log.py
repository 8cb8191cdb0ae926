"""A record of every turn and every gate, from which a test sees that nothing was computed outside a turn."""

import json
import threading
import time
from pathlib import Path


class GateLog:
    """Writes one JSON line for each event if it has a file; otherwise it costs a comparison."""

    def __init__(self, file: Path | None) -> None:
        # For the process's life.
        self._out = None if file is None else open(file, "a", encoding="utf-8", buffering=1)  # noqa: SIM115
        self._lock = threading.Lock()

    def write(self, event: str, lane: str, job_id: str, module: str = "") -> None:
        if self._out is None:
            return
        line = {"at": time.perf_counter(), "event": event, "lane": lane, "id": job_id, "module": module}
        with self._lock:
            self._out.write(json.dumps(line) + "\n")
