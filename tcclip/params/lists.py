"""Lists whose items differ, for the fields of params."""

from __future__ import annotations

from typing import TypeVar

Item = TypeVar("Item")


def each_once(items: list[Item]) -> list[Item]:
    """The items; ValueError for one that would count, or be shown, twice."""
    if twice := [item for place, item in enumerate(items) if item in items[:place]]:
        raise ValueError(f"{twice[0]} is there twice: take one out")
    return items
