"""Commands that errors advise, with the suite that a dataset belongs to."""

from __future__ import annotations

from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.dataset import Own
from tcclip.params.reader import names
from tcclip.params.suite import load_suite
from tcclip.plan import layout


def frames_again(dataset: str) -> str:
    """The command that looks at a dataset's videos anew and scans those that are new or have changed."""
    config = "" if (suite := _suite_of(dataset)) == "mini" else f" --config suite={suite}"
    return f"`tcclip raw {dataset} && snakemake {layout.frames_index(dataset)}{config}`"


def _suite_of(dataset: str) -> str:
    """The first suite that has a dataset; mini where none can be found."""
    try:
        of_dataset = load_dataset(dataset)
        if isinstance(of_dataset, Own):
            return of_dataset.suite
        return next((name for name in names("suites") if dataset in load_suite(name).datasets.values()), "mini")
    except UserError:  # an error's advice must not fail
        return "mini"
