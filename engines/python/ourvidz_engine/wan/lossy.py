"""Accelerations of WAN that change its pictures, by the names in `--lossy`. None of them is on by itself."""

from importlib.util import find_spec

FIRST_BLOCK_CACHE = "first-block-cache"
SAGE_ATTENTION = "sage-attention"

LOSSY_NAMES = frozenset({FIRST_BLOCK_CACHE, SAGE_ATTENTION})


def check_lossy(names: frozenset[str]) -> None:
    """Raises ValueError at the program's start for one that is asked for and cannot be had."""
    if SAGE_ATTENTION in names and find_spec("sageattention") is None:
        raise ValueError(f"{SAGE_ATTENTION} needs the package sageattention, which is not installed")
