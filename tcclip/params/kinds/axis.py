"""Axes and their kinds, found by their names: the tagged union of an axis is whatever files its folder holds."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Union

from pydantic import BeforeValidator, Field

from tcclip.errors import UserError
from tcclip.params.kinds.axes import AXES
from tcclip.params.reader import Params
from tcclip.params.texts import OutsideTexts, TextKind

if TYPE_CHECKING:
    from tcclip.params.method import Method

GUIDE = "docs/adding_a_method.md"
SETTINGS = __name__.rpartition(".")[0]  # the package of all settings classes, one package below it for each axis


class Kind(Params):
    """Settings of one kind: its keys, and what they cannot do together with others."""

    kind: str
    outside: ClassVar[tuple[TextKind, ...]] = ()  # kinds of texts from outside that it needs (docs/texts.md)
    SECTION: ClassVar[str]  # where the axis stands in a method's file, for errors: "vision", "tc.selector"

    def texts_beside(self, outside: OutsideTexts) -> Iterable[str]:
        """Texts that a training reads beside those of the classes; `outside` are of a class list and of videos."""
        return ()

    def check(self, method: Method) -> None:
        """Raise a ValueError that names two keys where this kind cannot work in `method`."""

    def check_layers(self, method: Method, layers: int) -> None:
        """Raise a UserError that names the keys where a vision tower of so many layers cannot run this kind."""

    def check_seeds(self, method: Method, patches: int, frames: int) -> None:
        """Raise a UserError that names the keys where videos of T `frames` with N `patches` each are too small."""


@functools.cache
def kinds_of(axis: str) -> dict[str, type[Kind]]:
    """The settings classes of an axis by the names of their kinds."""
    folder = importlib.import_module(f"{SETTINGS}.{axis}")
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__) if not module.name.startswith("_"))
    return {name: _settings(axis, name) for name in names}


def _settings(axis: str, name: str) -> type[Kind]:
    """A kind's settings class; UserError where it is not there, or the module that does what it says is not."""
    module = importlib.import_module(f"{SETTINGS}.{axis}.{name}")
    found: type[Kind] | None = getattr(module, "Settings", None)
    if found is None:
        raise UserError(f"{module.__file__} has no class Settings: {GUIDE} says what it holds")
    called = found.model_fields["kind"].default
    if called != name:
        raise UserError(
            f"{module.__file__}: the kind is called '{called}', and its file '{name}': write "
            f'`kind: Literal["{name}"] = "{name}"`, or give the file the other name'
        )
    if not hasattr(found, "SECTION"):
        raise UserError(f"{module.__file__}: class Settings has no SECTION: write that of the other kinds of {axis}")
    if find_module(f"{AXES[axis]}.{name}") is None:
        raise UserError(
            f"kind '{name}' of {axis} has settings ({module.__file__}) and no module {AXES[axis]}.{name} that does "
            f"what they say: write it ({GUIDE}), or take the settings away"
        )
    return found


def find_module(name: str) -> Path | None:
    """The file of a module of this package, looked for without importing anything."""
    path = Path(__file__).parents[3].joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def axis_of(settings: Kind | type[Kind]) -> str:
    """The axis of a kind, by the folder that its settings class is in."""
    module = settings.__module__ if isinstance(settings, type) else type(settings).__module__
    return module.removeprefix(f"{SETTINGS}.").partition(".")[0]


def module_of(settings: Kind) -> str:
    """The dotted name of the module that does what the settings say."""
    return f"{AXES[axis_of(settings)]}.{settings.kind}"


def union_of(axis: str) -> Any:
    """What pydantic checks the settings of an axis as: the tagged union of its kinds, or a bare name."""
    classes = tuple(kinds_of(axis).values())
    union = Union[classes] if len(classes) > 1 else classes[0]  # noqa: UP007  # made of what is there
    tagged = Annotated[union, Field(discriminator="kind")] if len(classes) > 1 else union
    return Annotated[tagged, BeforeValidator(spelled)]


def spelled(value: Any) -> Any:
    """A bare name as the mapping that it stands for."""
    return {"kind": value} if isinstance(value, str) else value
