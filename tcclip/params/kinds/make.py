"""From a kind's settings to what it does: the module of the kind's name, imported when a method names it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tcclip.errors import UserError
from tcclip.params.kinds.axis import GUIDE, Kind, module_of


def make(settings: Kind, *known: Any) -> Any:
    """What `settings` describe, from the function `make` of their kind's module; `known` is what their axis knows."""
    module = import_module(module_of(settings))
    if not hasattr(module, "make"):
        raise UserError(f"{module.__file__} has no function make: {GUIDE} says what it gets and returns")
    return module.make(settings, *known)
