"""The figures of the paper that stand on the page: those that `reports/<suite>/figures/` has, with their captions.

A figure's PNG carries its caption (`style.save`), which says its runs, videos, classes and N.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tcclip.plan import Plan, layout
from tcclip.reporting import style
from tcclip.reporting.embedding import described
from tcclip.reporting.page import Picture
from tcclip.reporting.reference_bars import TABLE, reference_bars, sentence

TITLES = {  # by the names of their files, in the paper's order
    "figure1": "Figure 1. What the systems attend to in one video.",
    "figure3": "Figure 3a. Attention of [CLS]: joint space-time attention beside frame-wise attention.",
    "figure3b": "Figure 3b. Few-shot accuracy by the tokens of other frames that a frame sees.",
    "figure6": "Figure 6. What context tokens are made of.",
    "figure7": "Figure 7. What the systems attend to, in more videos.",
}
DRAWINGS = ("figure3b",)  # the others are made of frames
SECTION = "Figures of the paper"


def draw_reference_bars(plan: Plan, frame: pd.DataFrame) -> Path:
    """Figure 3b from Table 1, as PNG and PDF."""
    path = layout.figure(plan.suite.name, "figure3b")
    table = plan.tables[TABLE]
    figure = reference_bars(frame, table.columns, plan.displays)
    caption = f"{TITLES['figure3b']} {sentence(plan, frame)}"
    for suffix in (".png", ".pdf"):
        style.save(figure, path.with_suffix(suffix), caption)
    return path


def paper_figures(suite: str) -> list[Picture]:
    """Those figures that are there."""
    paths = {name: layout.figure(suite, name) for name in TITLES}
    return [
        Picture(path, SECTION, described(path) or TITLES[name], "drawing" if name in DRAWINGS else "photograph")
        for name, path in paths.items()
        if path.is_file()
    ]
