"""What a typed name has of the list that it was copied from: brackets, quotes, a comma; no part of a class's name."""

from __future__ import annotations

import json

BRACKETS = (("[", "]"), ("{", "}"))


def is_json(text: str) -> bool:
    """Whether a text is a list or an object of JSON."""
    try:
        return isinstance(json.loads(text), list | dict)
    except ValueError:
        return False


def stray_mark(name: str) -> str:
    """What of a name that is not in quotes belongs to no name, as the end of a sentence; empty if nothing does."""
    if name.startswith('"') or name.count('"') % 2 or (len(name) > 1 and name[0] == name[-1] == "'"):
        return "has a stray quote"
    if any(name.count(opened) != name.count(closed) for opened, closed in BRACKETS):
        return "has a stray bracket"
    if name[:1] in (",", ";") or name[-1:] in (",", ";"):
        return f"{'ends' if name[-1] in ',;' else 'begins'} with a mark that parts names"
    return ""
