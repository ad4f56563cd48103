"""Class names rephrased by a language model, beside a dataset's class lists; only where the suite asks for them."""

from __future__ import annotations

from pathlib import Path

import typer

from tcclip.params import Dataset
from tcclip.params.dataset import load_release
from tcclip.plan import layout
from tcclip.process.console import stage
from tcclip.process.options import Log
from tcclip.stages import fingerprint

CODE = ("tcclip.data.splits.llm_names",)

app = typer.Typer()


def inputs(dataset: Dataset) -> list[Path]:
    """The class lists whose names are rephrased."""
    return [layout.classes(dataset.name, names) for names in dataset.llm_names]


def outputs(dataset: Dataset) -> list[Path]:
    """The class lists with rephrased names."""
    return [layout.classes(dataset.name, layout.rephrased(names)) for names in dataset.llm_names]


def code() -> str:
    """Fingerprint of the stage's code."""
    return fingerprint.code(*CODE)


@app.command("llm-names")
def llm_names(dataset: str, log: Log = None) -> None:
    """Fetch FROSTER's rephrased class names (CC BY-NC-SA 4.0) and write them beside the dataset's class lists."""
    with stage(f"rephrased names of {dataset}", log) as report:
        from tcclip.data.release.download import download as fetch
        from tcclip.data.splits.llm_names import write_llm_names

        of_dataset, folder = load_release(dataset), layout.llm_downloads(dataset)
        fetch(of_dataset, folder, "llm")
        report(write_llm_names(of_dataset, folder, layout.splits(dataset)))
