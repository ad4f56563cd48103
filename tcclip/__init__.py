"""TC-CLIP (ECCV 2024) from raw videos to every table."""

__version__ = "0.1.0"
