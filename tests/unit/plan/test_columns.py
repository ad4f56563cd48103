"""What a table's columns name must exist, and say how many videos a class has where the protocol wants it."""

from __future__ import annotations

from typing import Any

import pytest

from tcclip.errors import UserError
from tcclip.params import load_suite
from tcclip.params.reader import validate
from tcclip.params.table import Table
from tcclip.plan import expand

FEW_SHOT = {"dataset": "hmdb51", "splits": ["test1"], "protocol": "few_shot"}
ZERO_SHOT = {**FEW_SHOT, "protocol": "zero_shot", "train_dataset": "k400"}


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (
            {"from_table": {"table": "table22", "column": "x"}},
            "unknown table, shown in column a of t, 'table22': did you",
        ),
        (FEW_SHOT, "column a of t: a column of protocol few_shot needs `shots`, the videos of a class"),
        ({**ZERO_SHOT, "shots": 4}, "column a of t: a column of protocol zero_shot has no `shots`"),
        ({**ZERO_SHOT, "splits": ["test11"]}, "unknown split in column a of t 'test11': did you mean 'test1'"),
    ],
)
def test_what_does_not_exist_is_one_sentence(column: dict[str, Any], sentence: str) -> None:
    content = {"name": "t", "title": "t", "protocol": "few_shot", "rows": [{"row": "TC-CLIP", "method": "tc_clip"}]}
    table = validate({**content, "columns": [{"name": "a", **column}]}, Table, "t.yaml")
    with pytest.raises(UserError) as error:
        expand(load_suite("mini"), table)
    assert sentence in str(error.value)
