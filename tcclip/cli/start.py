"""The `tcclip` command: a fork of the warm server (`tcclip.workflow.warm`) if there is one, otherwise this process.

Only the standard library is imported before that is known.
"""

from __future__ import annotations

import os
import sys

from tcclip.process.handover import SOCKET, ask


def main() -> None:
    """Run the command line."""
    path = os.environ.get(SOCKET)
    code = ask(path, sys.argv[1:]) if path else None
    if code is not None:
        sys.exit(code)
    from tcclip.cli.app import main as run

    run()
