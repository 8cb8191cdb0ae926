"""What one gate costs: a module's call with a gate before it, less its call without, in microseconds, as JSON.

Nobody asks for the card meanwhile, as at nearly every gate. On a card this is the host's time, which passes while the card
computes what is queued.
"""

import argparse
import json
import statistics
import threading
import time

import torch

from ourvidz_engine.gate_log import GateLog
from ourvidz_engine.gates import add_gates, holding
from ourvidz_engine.progress import Patience, Progress
from ourvidz_engine.turn import Hold, Turn

ROUNDS = 15


class Nobody:
    """Hears nothing of the turns."""

    def send(self, _type: str, **_fields: object) -> None:
        pass


def pulse() -> Progress:
    """A job's own, as a lane gives it: told at every gate that the job is alive."""
    return Progress("job", 0, Nobody(), Patience(600, compiles=False))


def microseconds(module: torch.nn.Module, calls: int) -> float:
    given = torch.zeros(1)
    since = time.perf_counter()
    for _ in range(calls):
        module(given)
    return (time.perf_counter() - since) / calls * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cuda", "cpu"], required=True)
    parser.add_argument("--calls", type=int, default=20_000)
    given = parser.parse_args()
    plain, gated = torch.nn.Identity(), torch.nn.Identity()
    add_gates("a gate", [gated])
    turn = Turn("sdxl", Nobody(), given.device, GateLog(None))
    hold = Hold(turn, "job", threading.Event(), pulse(), given.device == "cuda")
    hold.began(asked=False)
    with holding(hold), torch.no_grad():
        costs = [microseconds(gated, given.calls) - microseconds(plain, given.calls) for _ in range(ROUNDS)]
    print(json.dumps({"microseconds": statistics.median(costs), "fastest": min(costs)}))


main()
