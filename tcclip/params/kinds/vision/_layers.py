"""Which layers read reference tokens; layers are counted from 1 in files and errors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from tcclip.errors import UserError

FOURTH = 4  # the distance of infusing layers that `every_fourth` names


def _words_or_layers(*words: str) -> BeforeValidator:
    """Refuses, in one sentence, what is neither one of the words nor an ascending list of layers."""

    def check(value: Any) -> Any:
        numbers = isinstance(value, list) and value and all(isinstance(n, int) and n >= 1 for n in value)
        if value not in words and not (numbers and value == sorted(set(value))):
            raise ValueError(f"must be {', '.join(words)} or an ascending list of layers counted from 1")
        return value

    return BeforeValidator(check)


Infusing = Annotated[Literal["all", "every_fourth"] | list[int], _words_or_layers("all", "every_fourth")]
Summarising = Annotated[Literal["all"] | list[int], _words_or_layers("all")]


def infusing(chosen: str | list[int], layers: int, first: int = 1) -> list[int]:
    """The layers, from 1, that `chosen` names in a tower of `layers`; `all` begins at `first`."""
    if chosen == "all":
        return list(range(first, layers + 1))
    if chosen == "every_fourth":
        return list(range(FOURTH, layers + 1, FOURTH))
    return [int(number) for number in chosen]


def check_range(method: str, kind: str, key: str, chosen: str | list[int], numbers: list[int], layers: int) -> None:
    """Refuse, as a UserError, layers that the tower has not."""
    if numbers and numbers[-1] > layers:
        raise UserError(f"method {method}: vision.{key} names layer {numbers[-1]}, the backbone has {layers}")
    if not numbers:
        raise UserError(
            f"method {method}: vision.{key} '{chosen}' is no layer of a backbone with {layers}, so vision.kind "
            f"'{kind}' has no effect: name a layer"
        )
