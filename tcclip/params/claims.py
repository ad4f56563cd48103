"""What the paper says about its numbers, as comparisons of a table's cells (params/claims.yaml)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from tcclip.params.lists import each_once
from tcclip.params.reader import Params, read_file

Word = Literal["holds", "does not hold", "undecided", "not measured"]  # what is said of a claim
REST = "rest"  # as `rows` or `over`: all other rows under the same heading
BETWEEN = " / "  # a row's heading and its name

SEVERAL = {"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[
    list[str], Field(min_length=1), BeforeValidator(_listed), AfterValidator(each_once), WithJsonSchema(SEVERAL)
]


class Gain(Params):
    """A difference that another one is compared with."""

    row: str  # HEADING / ROW, or ROW where that is clear
    over: str  # the row that is taken from it


class Comparison(Params):
    """Some rows of a table over others: each of `rows` over each of `over`, in each of `columns`."""

    table: str  # a file of params/tables/
    group: str | None = None  # the heading of rows that are named without one
    rows: Names  # HEADING / ROW, or ROW where that is clear; or rest, all others under the headings of `over`
    over: Names  # the rows that are taken from them; or rest, all others under the headings of `rows`
    columns: Names | None = None  # each by itself
    mean_of: Names | None = None  # in the place of columns: the mean over these
    than: Gain | None = None  # a difference in the same column that is taken from the difference
    ratio: bool = False  # the quotient instead of the difference
    above: float | None = None  # points, or a quotient
    below: float | None = None  # points, or a quotient
    within: Annotated[float | None, Field(gt=0)] = None  # points on either side of zero

    @property
    def region(self) -> tuple[float, float]:
        """The open interval in which the paper says that the difference, or quotient, lies."""
        if self.within is not None:
            return -self.within, self.within
        return (
            self.above if self.above is not None else float("-inf"),
            self.below if self.below is not None else float("inf"),
        )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Comparison:
        if sum(bound is not None for bound in (self.above, self.below, self.within)) != 1:
            raise ValueError("needs exactly one of above, below and within")
        if (self.columns is None) == (self.mean_of is None):
            raise ValueError("needs exactly one of columns and mean_of")
        if self.ratio and (self.than or self.within):
            raise ValueError("ratio goes with above or below, and without than")
        if REST in self.rows and REST in self.over:
            raise ValueError("rows and over cannot both be rest")
        return self


class Claim(Params):
    """One statement: all of its comparisons."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]  # in files and on the page
    says: str  # in a sentence of our own that stands alone
    place: str  # where the paper says it
    holds_as_printed: bool = True  # whether the paper's printed numbers agree; a test compares
    reason: str | None = None  # where they do not: which number disagrees
    all_of: Annotated[list[Comparison], Field(min_length=1)]  # it holds if each of these does

    @model_validator(mode="after")
    def _a_disagreement_has_a_reason(self) -> Claim:
        if self.holds_as_printed == (self.reason is not None):
            raise ValueError("reason goes with holds_as_printed: false, and belongs there")
        return self


class Claims(Params):
    """The file."""

    claims: Annotated[list[Claim], Field(min_length=1)]  # in the order in which they are shown

    @model_validator(mode="after")
    def _each_has_a_name_of_its_own(self) -> Claims:
        names = [claim.name for claim in self.claims]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two claims are called '{twice[0]}'")
        return self


def load_claims() -> list[Claim]:
    """Read params/claims.yaml; whether its rows and columns exist is seen when they are looked up (tcclip/claims)."""
    return read_file("claims", Claims).claims
