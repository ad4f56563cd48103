"""A home folder that cannot be written: what libraries keep there goes into the checkout instead.

Snakemake ends in a traceback without its cache, matplotlib makes a folder at every start and says so. Only a cache that
cannot be made or written is moved; a home that works is left as it is.
"""

from __future__ import annotations

import os
from pathlib import Path

INSTEAD = Path(".snakemake/cache")  # below the working directory; git does not see it
OF_SNAKEMAKE = ("snakemake", "snakemake/snakemake", "snakemake/snakemake/source-cache")  # below the cache folder


def move_caches() -> None:
    """Name another cache folder in the environment where the usual one cannot be written."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path(os.path.expanduser("~")) / ".cache")  # noqa: PTH111
    if not all(_writable(usual / name) for name in OF_SNAKEMAKE):
        os.environ["XDG_CACHE_HOME"] = str(INSTEAD.absolute())
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path(os.path.expanduser("~")) / ".config")  # noqa: PTH111
    if "MPLCONFIGDIR" not in os.environ and not _writable(config / "matplotlib"):
        os.environ["MPLCONFIGDIR"] = str((INSTEAD / "matplotlib").absolute())


def _writable(folder: Path) -> bool:
    """Whether files can be made in a folder, which is not there perhaps."""
    try:
        above = next(place for place in (folder, *folder.parents) if place.exists())
    except (OSError, StopIteration):
        return False
    return above.is_dir() and os.access(above, os.W_OK | os.X_OK) and not _keeps_no_files(above)


def _keeps_no_files(folder: Path) -> bool:
    """Whether this is of a file system of the kernel, which even root cannot write."""
    return any(folder.is_relative_to(place) for place in ("/proc", "/sys"))
