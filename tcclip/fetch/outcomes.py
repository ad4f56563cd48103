"""How a request for a file can fail."""

from __future__ import annotations


class TryAgainError(Exception):
    """The server or the line failed; the same request may succeed later."""

    def __init__(self, reason: str, wait_seconds: float = 0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds  # what the server asked for


class RefusedError(Exception):
    """This address does not give the file, however often it is asked; another may."""


class StoppedError(Exception):
    """Another file's error, or the user, ended the download."""
