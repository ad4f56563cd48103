"""The training list of the videos whose pseudo-labels are the surest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tcclip.data.splits.split_tables import Listed, read_split
from tcclip.errors import UserError
from tcclip.process.files import write_csv
from tcclip.pseudo_labels.label import read


def write_list(shards: Sequence[Path], split: Path, keep: float, out: Path) -> str:
    """Write the kept videos of all shards with their pseudo-labels, in the split's order; returns a line about them."""
    rows = [row for shard in shards for row in read(shard)]
    labels, cosines = {video: label for (video, label), _ in rows}, {video: cosine for (video, _), cosine in rows}
    listed = read_split(split)
    if not rows:
        raise UserError(f"no video of {split} is labelled: see its frames' index, and label them again")
    least = threshold(list(cosines.values()), keep)
    kept = [(video, labels[video]) for video, _ in listed if video in cosines and cosines[video] >= least]
    write_csv(out, ("video", "label"), kept)
    agree = agreement(listed, labels)
    return (
        f"{len(kept)} of {len(labels)} videos kept, from cosine {least:.4f}; {100 * agree:.1f} % of all labels are the "
        f"list's own, which no training sees"
    )


def threshold(cosines: Sequence[float], keep: float) -> float:
    """The smallest cosine of the share `keep` of the videos whose cosines are highest; one at least."""
    return sorted(cosines, reverse=True)[max(1, round(keep * len(cosines))) - 1]


def agreement(listed: Sequence[Listed], labels: Mapping[str, int]) -> float:
    """The share of labelled videos that have the label of the list."""
    return sum(labels[video] == label for video, label in listed if video in labels) / len(labels)
