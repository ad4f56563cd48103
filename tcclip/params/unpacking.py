"""What an archive may unpack to (params/unpacking.yaml)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tcclip.params.numbers import Count
from tcclip.params.reader import Params, read_file

GIGABYTE = 1_000_000_000  # bytes


class Unpacking(Params):
    """The limits of one archive."""

    bytes_per_archive_byte: Annotated[float, Field(gt=0)]
    small_bytes: Annotated[int, Field(ge=0)]  # always allowed, however small the archive is
    members: Count
    free_gigabytes: Annotated[float, Field(ge=0)]  # stays free on the disk

    @property
    def free_bytes(self) -> int:
        """What stays free on the disk, in bytes."""
        return int(self.free_gigabytes * GIGABYTE)

    def most_bytes(self, archive_bytes: int) -> int:
        """What an archive of this size may unpack to."""
        return max(self.small_bytes, int(self.bytes_per_archive_byte * archive_bytes))


def load_unpacking() -> Unpacking:
    """Read the limits."""
    return read_file("unpacking", Unpacking)
