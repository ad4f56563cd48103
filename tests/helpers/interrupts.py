"""Ctrl-C for what tests start."""

import signal


def heed_interrupts() -> None:
    """For preexec_fn: a command in the background of a script ignores Ctrl-C, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
