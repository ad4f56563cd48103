"""Seeds of trainings: what is drawn in one follows from its seed, and several show how much a number depends on them.

A protocol lists them. A suite, or `--seeds` of a command, puts others over all trainings or over those of some methods.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from tcclip.errors import UserError

EVERY = "all"  # the key of the trainings that are not named
LIST = re.compile(r"\d+(?:,\d+)*")


def _different(seeds: list[int]) -> list[int]:
    twice = [seed for seed in seeds if seeds.count(seed) > 1]
    if twice:
        raise ValueError(f"seed {twice[0]} is listed twice")
    return seeds


Seeds = Annotated[list[Annotated[int, Field(ge=0, strict=True)]], Field(min_length=1), AfterValidator(_different)]

LISTED = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}  # JSON schema
SeedsByMethod = Annotated[  # by METHOD, PROTOCOL/METHOD, TABLE/METHOD or EVERY; a plain list is of every one
    dict[str, Seeds],
    BeforeValidator(lambda given: {EVERY: given} if isinstance(given, list) else given),
    WithJsonSchema({"anyOf": [LISTED, {"type": "object", "additionalProperties": LISTED}]}),
]


def parse_seeds(text: str) -> dict[str, list[int]]:
    """Seeds as they are typed: "1024,1025" is of all trainings, "vifi_clip,tc_clip:1024,1025" of those of two methods.

    Raises:
        UserError: it is neither, or a seed is there twice.
    """
    methods, colon, numbers = text.rpartition(":")
    named = [name.strip() for name in methods.split(",")] if colon else [EVERY]
    if not LIST.fullmatch(numbers) or not all(named):
        raise UserError(
            "seeds must be numbers, or methods and numbers, for example 1024,1025,1026 or "
            f"vifi_clip,table3/tc_clip:1024,1025,1026 (got '{text}')"
        )
    try:
        seeds = _different([int(number) for number in numbers.split(",")])
    except ValueError as error:
        raise UserError(f"seeds {text}: {error}") from error
    return dict.fromkeys(named, seeds)
