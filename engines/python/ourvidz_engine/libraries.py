"""Settings of the libraries that concern the whole process."""

import logging
import warnings


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
