"""TC-CLIP (ECCV 2024) from raw videos to every table."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """`__version__`, which pyproject.toml says; looked up when it is asked for, because a start must be quick."""
        if name == "__version__":
            from importlib.metadata import version

            return version("tcclip")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
