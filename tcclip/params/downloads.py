"""How files are downloaded (params/downloads.yaml)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tcclip.params.numbers import Count
from tcclip.params.reader import Params, read_file

Seconds = Annotated[float, Field(gt=0)]


class Downloads(Params):
    """Patience and parallelism of downloads."""

    attempts: Count  # requests in a row without a new byte
    backoff_seconds: Seconds  # after the first of them; doubles
    backoff_limit_seconds: Seconds
    parallel: Count  # files at a time
    connect_timeout_seconds: Seconds
    read_timeout_seconds: Seconds


def load_downloads() -> Downloads:
    """Read params/downloads.yaml."""
    return read_file("downloads", Downloads)
