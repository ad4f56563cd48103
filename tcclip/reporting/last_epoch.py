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
    measured = last.loc[last["source"] == "measured", [*cells, "value", "low", "high"]]
    both = frame[[*cells, "value"]].merge(measured, on=cells, suffixes=("", "_last"))
    intervals = zip(both["low"], both["high"], strict=True)
    return pd.DataFrame(
        {
            "Group": both["group"],
            "Method": both["row"],
            "Column": both["column"],
            "Best epoch": [f"{value:.1f}" for value in both["value"]],
            "Last epoch": [f"{value:.1f}" for value in both["value_last"]],
            "Difference": [f"{value:+.1f}" for value in both["value_last"] - both["value"]],
            "Interval of the last": ["" if pd.isna(low) else f"{low:.1f} to {high:.1f}" for low, high in intervals],
        }
    )
