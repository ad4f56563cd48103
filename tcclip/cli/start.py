"""The `tcclip` command: a fork of the warm server (`tcclip.workflow.warm`) if there is one, otherwise this process.

Only what is built into Python is imported before that is known.
"""

from __future__ import annotations

import posix
import sys

from tcclip.process.handover import SOCKET, ask

WARM_COMMAND = """#!{python} -IS
import sys
sys.path.insert(0, {package!r})
from tcclip.cli.start import hand_over
hand_over()
"""  # for a server's jobs: Python's `site`, and what installers write into scripts, are two thirds of a start


def main() -> None:
    """Run the command line."""
    code = _asked()
    if code is not None:
        sys.exit(code)
    from tcclip.cli.app import main as run

    run()


def hand_over() -> None:
    """Let the server do it; where it is gone a whole command takes this one's place."""
    code = _asked()
    if code is None:
        posix.execv(sys.executable, [sys.executable, "-P", "-m", "tcclip.cli.app", *sys.argv[1:]])
    sys.exit(code)


def _asked() -> int | None:
    path = posix.environ.get(SOCKET.encode())  # type: ignore[call-overload]  # its names and values are bytes
    return (
        ask(path.decode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()), sys.argv[1:]) if path else None
    )
