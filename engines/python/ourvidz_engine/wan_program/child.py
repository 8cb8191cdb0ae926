"""One run of the program: a child process in a group of its own, whose output is always drained, and which never outlives us."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.05
#: Becomes the program once the kernel knows to end it with us: it would go on holding the card. No code of ours runs
#: between fork and exec for that, which a program with threads must not do. "With us" is the thread that starts it; a lane's
#: lives as long as we do.
LAUNCHER = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""
#: What the program may see of our environment. Our own PYTHONPATH is for another Python.
INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"),
    *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_HOME"),
    *("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"),
    *("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"),
)
#: UTF-8 whatever the locale: the program prints prompts, and would fail at the first that is not ASCII.
SETTINGS = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def environment() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | SETTINGS


def run_child(
    command: Sequence[str],
    folder: Path,
    on_output: Callable[[bytes], None],
    on_tick: Callable[[], None],
) -> int:
    """Waits for its end, and gives its exit code, negative for a signal.

    `on_output` is called by another thread; `on_tick` by this one, some times a second: what it raises ends the program,
    with SIGTERM first, and is raised again when nothing of it is left.
    """
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid()), *command],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    reader = threading.Thread(target=drain, args=(child, on_output), name="wan-program", daemon=True)
    reader.start()
    try:
        while not has_exited(child):
            on_tick()
            time.sleep(POLL_SECONDS)
    except BaseException:
        signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while not has_exited(child) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        raise
    finally:
        # Its own children too: until it is reaped the number of the group is nobody else's.
        signal_group(child, signal.SIGKILL)
        child.wait()
        reader.join(GRACE_SECONDS)
    return child.returncode


def drain(child: subprocess.Popen[bytes], on_output: Callable[[bytes], None]) -> None:
    assert child.stdout is not None
    with child.stdout as pipe:
        while chunk := os.read(pipe.fileno(), 65_536):
            on_output(chunk)


def has_exited(child: subprocess.Popen[bytes]) -> bool:
    """Leaves it unreaped."""
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
