"""What the paper's own printed numbers say of a claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tcclip.claims.contrasts import Contrast
from tcclip.claims.rows import Key
from tcclip.reporting.published_numbers import printed_tables, read_published


def printed_numbers() -> dict[Key, float]:
    """All printed cells."""
    return {
        (table, *key): number.value
        for table in printed_tables()
        for key, number in read_published(table).items()
        if number.value is not None
    }


def as_printed(contrast: Contrast, printed: Mapping[Key, float]) -> float | None:
    """The difference, or quotient, of printed numbers, free of binary fractions; None where one is not printed."""
    if any(cell not in printed for cell in contrast.cells):
        return None
    return round(float(contrast.value(printed.__getitem__)), 6)


def holds_as_printed(contrasts: Sequence[Contrast], printed: Mapping[Key, float]) -> bool:
    """Whether all printed differences are in their regions."""
    found = [(as_printed(contrast, printed), contrast.region) for contrast in contrasts]
    return all(low < value < high for value, (low, high) in found if value is not None)
