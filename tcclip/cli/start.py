"""The `tcclip` command, as it is installed (`main`) and as a warm server's jobs have it (`hand_over`).

A fork of the server (`tcclip.workflow.warm`) does it if there is one, otherwise this process. Until that is known
nothing is imported that would take a part of a start.
"""

from __future__ import annotations

import posix
import sys

from tcclip.process.handover import SOCKET, ask


def main() -> None:
    """Run the command line."""
    code = _asked()
    if code is not None:
        sys.exit(code)
    from tcclip.errors import UserError

    try:
        from tcclip.cli.app import main as run

        run()
    except KeyboardInterrupt:  # before a stage has begun, which tells it by itself
        sys.exit(130)
    except UserError as error:  # of a kind of one's own, found when params are imported
        sys.exit(f"Error: {error}")


def hand_over() -> None:
    """Let the server do it; where it is gone a command with all its libraries takes this one's place."""
    code = _asked()
    if code is None:
        environment = {name: value for name, value in posix.environ.items() if name != SOCKET.encode()}
        posix.execve(sys.executable, [sys.executable, "-P", "-m", "tcclip.cli.start", *sys.argv[1:]], environment)
    sys.exit(code)


def _asked() -> int | None:
    path = posix.environ.get(SOCKET.encode())
    return ask(path, sys.argv[1:]) if path else None


if __name__ == "__main__":
    main()
