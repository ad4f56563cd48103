"""The page's galleries: which videos are chosen, and what is shown of them."""

from __future__ import annotations

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tcclip.errors import UserError
from tcclip.params.gallery import Gallery, load_gallery
from tcclip.plan import layout, load_plan
from tcclip.reporting.gallery import alike, chosen, frames_of, galleries

RULE = Gallery(pairs=[("tc_clip", "vifi_clip")], videos=3, frames=4, height=24, quality=90)


def predictions(**videos: tuple[int, list[int], list[float]]) -> pd.DataFrame:
    lines = [(video, *said) for video, said in videos.items()]
    return pd.DataFrame(lines, columns=["video", "label", "top5_classes", "top5_scores"])


def test_the_largest_margins_come_first_and_videos_that_both_get_right_not_at_all():
    ours = predictions(
        a=(0, [0, 1], [0.6, 0.4]), b=(1, [1, 0], [0.9, 0.1]), c=(0, [0, 1], [0.9, 0.1]), d=(0, [1, 0], [0.7, 0.3])
    )
    theirs = predictions(
        a=(0, [1, 0], [0.8, 0.2]), b=(1, [0, 1], [0.6, 0.4]), c=(0, [0, 1], [0.8, 0.2]), d=(0, [0, 1], [0.7, 0.3])
    )
    found = chosen(ours, theirs, 3)
    assert found["video"].tolist() == ["b", "a"]
    assert found["margin"].tolist() == pytest.approx([0.9 - 0.4, 0.6 - 0.2])
    assert found[["label", "said"]].to_numpy().tolist() == [[1, 0], [0, 1]]
    assert chosen(ours, theirs, 1)["video"].tolist() == ["b"]


def test_a_true_class_that_is_not_among_five_counts_as_the_fifth():
    ours = predictions(a=(9, [9, 1, 2, 3, 4], [0.5, 0.2, 0.1, 0.1, 0.1]))
    theirs = predictions(a=(9, [0, 1, 2, 3, 4], [0.4, 0.2, 0.1, 0.1, 0.05]))
    line = chosen(ours, theirs, 3).iloc[0]
    assert np.isnan(line["true_score"]) and line["margin"] == pytest.approx(0.45)


def test_logits_become_probabilities_where_the_other_scores_are_some(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    plan = load_plan("mini")
    runs = [f"zero_shot-k400-{method}-s1024" for method in ("froster", "vifi_clip")]
    asked = [next(each for each in plan.evaluations(run) if not each.we) for run in runs]
    for each, scores in zip(asked, ([np.log(9.0), 0.0], [0.6, 0.4]), strict=True):
        path = layout.predictions("mini", each.run, each.name)
        path.parent.mkdir(parents=True)
        views = each.views.count
        predictions(a=(0, [0, 1], [views * score for score in scores])).to_parquet(path)
    logits, shares = (list(frame["top5_scores"][0]) for frame in alike(plan, asked))
    assert logits == pytest.approx([0.9, 0.1]) and shares == pytest.approx([0.6, 0.4])
    assert list(alike(plan, asked[:1])[0]["top5_scores"][0]) == pytest.approx([np.log(9.0), 0.0])


def test_equal_margins_are_in_the_order_of_the_videos():
    ours = predictions(b=(0, [0, 1], [0.6, 0.4]), a=(0, [0, 1], [0.6, 0.4]))
    theirs = predictions(b=(0, [1, 0], [0.6, 0.4]), a=(0, [1, 0], [0.6, 0.4]))
    assert chosen(ours, theirs, 2)["video"].tolist() == ["a", "b"]


class Grey:
    """A dataset of one video of ten frames of 48 x 64, as grey as their number says."""

    def frames(self, video: str) -> int:
        return 10

    def read(self, video: str, indices: np.ndarray) -> np.ndarray:
        return np.stack([np.full((48, 64, 3), 20 * index, dtype=np.uint8) for index in indices])


def test_a_strip_is_frames_from_the_first_to_the_last_at_the_height_of_the_rule():
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))))
        for uri in frames_of(Grey(), "v", RULE)  # type: ignore[arg-type]
    ]
    assert {picture.size for picture in pictures} == {(32, 24)}
    assert [round(np.asarray(picture).mean() / 20) for picture in pictures] == [0, 3, 6, 9]


def test_a_misspelt_method_of_the_rule_is_told():
    with pytest.raises(UserError, match="tc_clipp"):
        galleries(load_plan("mini"), RULE.model_copy(update={"pairs": [("tc_clipp", "vifi_clip")]}), {})


def test_the_rule_of_the_repository_compares_methods_of_its_tables_in_both_directions():
    pairs = load_gallery().pairs
    assert {name for pair in pairs for name in pair} <= set(load_plan("mini").methods)
    assert {(wrong, right) for right, wrong in pairs} == set(pairs)
