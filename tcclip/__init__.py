"""TC-CLIP (ECCV 2024) from raw videos to every table."""

TYPE_CHECKING = False  # as type checkers read it; importing `typing` would be a quarter of a command's start
if TYPE_CHECKING:
    from tcclip.prediction import Model, Prediction, load

    __version__: str

__all__ = ["Model", "Prediction", "load"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """What is asked for, imported when it is, because a start must be quick; `__version__` is pyproject.toml's."""
        if name == "__version__":
            from importlib.metadata import version

            return version("tcclip")
        if name in __all__:
            from tcclip import prediction

            return getattr(prediction, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
