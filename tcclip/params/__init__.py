"""Typed, validated params: the only way anything reads params/."""

from tcclip.params.dataset import Dataset, load_dataset
from tcclip.params.figure import PaperFigure, load_figure
from tcclip.params.method import Method, load_method
from tcclip.params.protocol import Protocol, load_protocol
from tcclip.params.suite import Suite, load_suite
from tcclip.params.table import Table, load_table

__all__ = [
    "Dataset",
    "Method",
    "PaperFigure",
    "Protocol",
    "Suite",
    "Table",
    "load_dataset",
    "load_figure",
    "load_method",
    "load_protocol",
    "load_suite",
    "load_table",
]
