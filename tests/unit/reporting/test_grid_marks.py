"""What a table says of how sure its cells are: marks against the baseline and against what is known of a column."""

import pandas as pd
import pytest

from tcclip.params import load_table
from tcclip.reporting.cells import COLUMNS, INTERVALS
from tcclip.reporting.formats import markdown
from tcclip.reporting.grid import grid, marks
from tcclip.reporting.grid_marks import about, p_value, with_comparisons

TABLE = load_table("diagnostic")
RELATION = {  # row -> value, low, high, and the difference from ViFi-CLIP's with its interval and p
    "ViFi-CLIP": (70.0, 60.0, 79.0, None, None, None, None),
    "X-CLIP": (95.0, 89.0, 98.0, 25.0, 16.0, 34.0, 0.0001),
    "TC-CLIP": (82.0, 73.0, 89.0, 12.0, 1.0, 23.0, 0.03),
    "A5": (52.0, 42.0, 62.0, -18.0, -29.0, -7.0, 0.002),
}


@pytest.fixture(scope="module")
def shown():
    lines = []
    for row, numbers in RELATION.items():
        for column in TABLE.columns:
            known = dict(zip(INTERVALS, numbers[1:], strict=True)) if column.name == "relation" else {}
            value = numbers[0] if known else None
            place = {"table": "diagnostic", "group": "systems", "row": row, "column": column.name, "runs": ""}
            lines.append(place | {"value": value, "source": "measured" if known else ""} | known)
    frame = pd.DataFrame(lines, columns=COLUMNS)
    return with_comparisons(grid(frame, TABLE.title, TABLE.columns, {"diagnostic": "Diagnostic"}), frame, TABLE, 95)


def test_a_cell_whose_interval_is_above_the_bound_of_its_column_is_marked_and_one_that_may_lie_below_is_not(shown):
    number = [column.name for column in TABLE.columns].index("relation")
    found = {line.row: marks(line.entries[number]) for line in shown.lines}
    assert found == {"ViFi-CLIP": [], "X-CLIP": ["◆", "↑"], "TC-CLIP": ["↑"], "A5": ["↓"]}
    assert shown.headings[number].sub == "relation (frames alone: 75)"


def test_the_marks_are_explained_under_the_table(shown):
    text = " ".join(shown.notes)
    assert "◆ above the bound in its column's heading: the 95 % interval lies above it." in text
    assert "↑ ↓ above or below ViFi-CLIP: the 95 % interval of the difference" in text
    assert "95.0 ◆ ↑" in markdown(shown).replace("**", "")


@pytest.mark.parametrize(("p", "said"), [(0.0412, "0.041"), (0.0012, "0.0012"), (0.001, "0.001"), (0.00099, "< 0.001")])
def test_a_p_value_has_two_digits_and_below_a_thousandth_it_is_only_said_that_it_is(p, said):
    assert p_value(p) == said


def test_a_cell_says_its_interval_and_its_difference_with_the_sign(shown):
    number = [column.name for column in TABLE.columns].index("relation")
    said = {line.row: about(line.entries[number]) for line in shown.lines}
    assert said["X-CLIP"] == "interval 89.0 to 98.0; +25.0 against ViFi-CLIP (+16.0 to +34.0, p < 0.001)"
    assert said["A5"] == "interval 42.0 to 62.0; -18.0 against ViFi-CLIP (-29.0 to -7.0, p 0.002)"
