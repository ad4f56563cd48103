"""Errors that a user can act on: one sentence of cause, one of remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something the user can repair. The command line prints its text and exits with 1; the log has the traceback."""


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """The error for a name that is not in `known`, with the nearest valid names."""
    options = sorted(known)
    close = difflib.get_close_matches(name, options, n=1, cutoff=0.4)
    hint = f"did you mean '{close[0]}'?" if close else "known: " + ", ".join(options[:20])
    return UserError(f"unknown {kind} '{name}': {hint}")
