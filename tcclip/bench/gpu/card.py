"""What has to be there before anything is measured, and what a card's data sheet says; needs no package."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable

# Modules of the program's own dependencies that training and evaluation import, and the tests' runner.
NEEDED = (
    *("torch", "numpy", "pandas", "pyarrow", "cv2", "simplejpeg", "PIL", "pydantic", "yaml", "safetensors", "psutil"),
    *("rich", "typer", "pytest"),
)
PACKAGES = {"cv2": "opencv-python-headless", "PIL": "pillow", "yaml": "pyyaml"}  # where a package is called otherwise

# TFLOP/s of dense products in bfloat16, NVIDIA's data sheets; the first name that is part of the card's counts.
SHEET = {
    "B200": 2250,
    "H100 PCIe": 756,
    "H100 NVL": 835,
    "H200": 989,
    "GH200": 989,
    "H100": 989,
    "A100": 312,
    "A40": 149.7,
    "A6000": 154.8,
    "A10": 125,
    "L40S": 362,
    "L4": 121,
    "4090": 165.2,
    "3090": 71,
}


def sheet_gflops(card: str) -> float | None:
    """GFLOP/s in bfloat16 by the data sheet; None for a card that is not in the list."""
    return next((1000.0 * tera for name, tera in SHEET.items() if re.search(rf"\b{name}\b", card)), None)


def missing(modules: Iterable[str] = NEEDED) -> str | None:
    """A sentence with the packages that this Python lacks; None where all are there."""
    absent = [name for name in modules if importlib.util.find_spec(name) is None]
    if not absent:
        return None
    packages = " ".join(PACKAGES.get(name, name) for name in absent)
    return f"{sys.executable} lacks {', '.join(absent)}: {sys.executable} -m pip install {packages}"
