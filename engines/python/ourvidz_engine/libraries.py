"""Settings of the libraries that concern the whole process."""

import logging
import shutil
import sysconfig
import warnings
from pathlib import Path

#: Sizes, batches and lengths of prompts each ask for a graph or two of the same block.
MOST_GRAPHS = 64


def quieten() -> None:
    """Warnings of libraries may quote prompts (a tokenizer that cuts one, for example), and the log is an operator's."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("compel").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")


def allow_many_graphs() -> None:
    """Each thread that computes calls it: torch keeps such settings by thread, and whole-graph blocks fail at the limit."""
    import torch._dynamo

    torch._dynamo.config.recompile_limit = max(MOST_GRAPHS, torch._dynamo.config.recompile_limit)


def can_compile() -> bool:
    """Compiled kernels are started by small C programs, which Triton builds against Python's headers, with one of these."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    return compiler is not None and Path(sysconfig.get_path("include"), "Python.h").is_file()
