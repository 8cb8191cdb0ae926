"""What an operator should know although the work goes on, as what is slower than it could be.

Modules say it to their own logger, without a word of a prompt; it becomes an event, which the worker logs as a warning.
"""

import logging
import sys

from .channel import Channel


class Notices(logging.Handler):
    def __init__(self, channel: Channel) -> None:
        super().__init__(logging.WARNING)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # Among the last lines of a program that dies, too.
        print(message, file=sys.stderr, flush=True)
        self._channel.send("warning", message=message)


def send_notices(channel: Channel) -> None:
    logger = logging.getLogger(__package__)
    logger.addHandler(Notices(channel))
    logger.propagate = False
