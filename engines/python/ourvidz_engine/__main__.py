"""Starts the program. Standard output belongs to the protocol, so it is taken before any library is imported."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def take_stdout() -> int:
    """A private descriptor of what stdout was; whatever writes to stdout from now on ends up on stderr."""
    private = os.dup(1)
    os.dup2(2, 1)
    return private


def die_with_parent() -> None:
    """Without it a worker that is killed would leave a program that holds the card until its next read of stdin."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    descriptor = take_stdout()
    die_with_parent()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")
    from .channel import Channel
    from .options import parse_options

    options = parse_options()
    channel = Channel(descriptor)
    from .program import run

    run(channel, options)


main()
