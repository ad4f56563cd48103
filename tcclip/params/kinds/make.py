"""From a kind's settings to what it does: the module of the kind's name, imported when a method names it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tcclip.params.kinds.axis import Kind, module_of


def make(settings: Kind, *known: Any) -> Any:
    """What `settings` describe, from the function `make` of their kind's module; `known` is what their axis knows."""
    return import_module(module_of(settings)).make(settings, *known)
