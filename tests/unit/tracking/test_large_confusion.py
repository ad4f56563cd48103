"""The confusion matrices of a suite of real size, which MLflow keeps by the thousand."""

import csv
import io

import numpy as np

from tcclip.tracking.confusion import as_csv, as_html

CLASSES, VIDEOS = 400, 20_000
BYTES_OF_A_CELL = 10  # its column and its number of videos, and the separators
BYTES_OF_A_CLASS = 40  # a name of 20 letters, its number of videos, its row


def scattered() -> np.ndarray:
    """Counts (C, C) of predictions that are wrong as often as not, wherever they may be."""
    rng = np.random.default_rng(0)
    counts = np.zeros((CLASSES, CLASSES), dtype=np.int64)
    labels = rng.integers(CLASSES, size=VIDEOS)
    predicted = np.where(rng.random(VIDEOS) < 0.5, labels, rng.integers(CLASSES, size=VIDEOS))
    np.add.at(counts, (labels, predicted), 1)
    return counts


NAMES = [f"doing something {number:04d}" for number in range(CLASSES)]


def test_the_page_of_400_classes_takes_a_few_bytes_for_a_cell():
    counts = scattered()
    bare = len(as_html(np.zeros((1, 1), dtype=np.int64), ["x"], "k400-val-4x3"))
    page = as_html(counts, NAMES, "k400-val-4x3")
    assert len(page) < bare + BYTES_OF_A_CELL * np.count_nonzero(counts) + BYTES_OF_A_CLASS * CLASSES


def test_the_table_has_every_pair_that_occurs_with_its_share_of_the_class():
    counts = scattered()
    head, *rows = csv.reader(io.StringIO(as_csv(counts, NAMES)))
    assert head == ["class", "predicted", "n_videos", "percent_of_class"]
    assert sum(int(row[2]) for row in rows) == VIDEOS
    place = {name: label for label, name in enumerate(NAMES)}
    for true, predicted, number, share in rows:
        of_class = counts[place[true]].sum()
        assert int(number) == counts[place[true], place[predicted]]
        assert abs(float(share) - 100 * int(number) / of_class) <= 0.005 + 1e-9
