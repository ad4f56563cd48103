"""The last epoch beside the best one, for cells whose runs are chosen by test accuracies."""

from __future__ import annotations

import pandas as pd

ABOUT = (
    "The best epoch is the best of the validations, which see the test videos, as printed in the paper; novel classes "
    "are tested with its weights."
)


def beside_best(frame: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """One line per cell that has both, in percent; `frame` and `last` are of `cells.build`."""
    cells = ["group", "row", "column"]
    both = frame.merge(last[last["source"] == "measured"][[*cells, "value"]], on=cells, suffixes=("", "_last"))
    return pd.DataFrame(
        {
            "Group": both["group"],
            "Method": both["row"],
            "Column": both["column"],
            "Best epoch": [f"{value:.1f}" for value in both["value"]],
            "Last epoch": [f"{value:.1f}" for value in both["value_last"]],
            "Difference": [f"{value:+.1f}" for value in both["value_last"] - both["value"]],
        }
    )
