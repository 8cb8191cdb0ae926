"""WAN 2.1 1.3B: by diffusers in this process, or by the official program in one of its own."""

from ..options import Options
from ..renderer import Renderer


def wan_family(options: Options) -> Renderer:
    """Imports only what is used: diffusers' pipelines take seconds, and the command needs none of them."""
    if options.wan_command is not None:
        from .command import WanCommand

        return WanCommand(options)
    from .family import Wan

    return Wan(options)
