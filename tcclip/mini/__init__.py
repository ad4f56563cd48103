"""The mini suite: generated stand-ins for the five datasets, written as the originals are, and captioned stills."""

from tcclip.mini.stills import stills
from tcclip.mini.writer import generate

__all__ = ["generate", "stills"]
