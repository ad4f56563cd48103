"""What an evaluation tells the person who watches; no part of its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def split_line(run: str, evaluation: str, result: Mapping[str, Any]) -> str:
    """One line per evaluation."""
    coverage = f"{result['n_videos']} of {result['listed']} videos"
    return f"{run}  {evaluation}  top-1 {result['top1']:.1f} %  top-5 {result['top5']:.1f} %  {coverage}"


def result_line(results: Mapping[str, Mapping[str, Any]]) -> str:
    """What the finished evaluations of a run say."""
    return "top-1 " + ", ".join(f"{name} {result['top1']:.1f} %" for name, result in results.items())
