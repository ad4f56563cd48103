"""A method's own values of a protocol that hold for some of its trainings only: `exceptions` beside the others.

few_shot: {lr: 5.0e-6, exceptions: [{dataset: hmdb51, shots: 4, lr: 3.5e-6}]}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from tcclip.params.reader import UNKNOWN, Params, nearest

KEY = "exceptions"


class Exceptional(Params):
    """Values for trainings on one dataset; what they may be says the protocol that they are put over."""

    dataset: str  # the paper's dataset that is trained on
    shots: int | None = None  # of the training; null: any, and protocols without shots
    epochs: int | None = None
    warmup_epochs: int | None = None
    lr: float | None = None
    lr_min: float | None = None
    total_batch: int | None = None
    micro_batch: int | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Those that are given, by key of the protocol."""
        return self.model_dump(exclude_unset=True, exclude={"dataset", "shots"})


LISTED = TypeAdapter(list[Exceptional])


def check_exceptions(protocol: Mapping[str, Any], place: str) -> None:
    """Refuse what is no list of exceptions with the first key, below `place`, that is wrong."""
    try:
        LISTED.validate_python(protocol.get(KEY, []))
    except ValidationError as error:
        first = error.errors()[0]
        key, got = ".".join(map(str, (place, *first["loc"]))), first["input"]
        known = [*Exceptional.model_fields]
        said = f"unknown key: {nearest(str(first['loc'][-1]), known)}" if first["type"] in UNKNOWN else first["msg"]
        message = f"{said[0].lower()}{said[1:]}" + ("" if isinstance(got, dict) else f" (got {got!r})")
        raise PydanticCustomError("below", "{message}", {"below": key, "message": message}) from error


def own_values(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """A method's values of a protocol that hold for all its trainings."""
    return {key: value for key, value in protocol.items() if key != KEY}


def excepted_datasets(protocol: Mapping[str, Any]) -> list[str]:
    """The datasets that a method's values of a protocol have exceptions for."""
    return [one.dataset for one in LISTED.validate_python(protocol.get(KEY, []))]


def exceptions_for(protocol: Mapping[str, Any], dataset: str | None, shots: int | None) -> dict[int, dict[str, Any]]:
    """The values for a training on the paper's `dataset` with so many shots, by their place in the list."""
    listed = enumerate(LISTED.validate_python(protocol.get(KEY, [])))
    return {n: one.values for n, one in listed if one.dataset == dataset and one.shots in (None, shots)}
