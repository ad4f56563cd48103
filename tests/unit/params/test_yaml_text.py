"""YAML as it is read: what it would lose, or take for something else, is told; what is meant stays as it is."""

from __future__ import annotations

import re

import pytest

from tcclip.errors import UserError
from tcclip.params.reader import read_yaml


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"tc: {k: 1}\nwe: {w: 1}\ntc: {r: 2}\n", "odd.yaml: key 'tc' is there twice, in lines 1 and 3: keep one"),
        (b"tc:\n  k: 1\n  r: 2\n  k: 3\n", "odd.yaml: key 'k' is there twice, in lines 2 and 4: keep one"),
        (
            b"seeds: [01024]\n",
            "odd.yaml: seeds.0: 01024 is 532 to YAML, octal: write 1024 for the number, or '01024' in",
        ),
        (b"tc: {k: 1:30}\n", "odd.yaml: tc.k: 1:30 is 90 to YAML, of base 60: write 90 for this number, or '1:30' in"),
        (b"bench: &b {x: *b}\n", "odd.yaml: bench.x is inside itself: an alias (*) cannot stand below its own anchor"),
        (b"display: Caf\xe9\n", "odd.yaml is not in UTF-8 (byte 12, invalid continuation byte)"),
    ],
)
def test_what_yaml_would_lose_or_cannot_read_names_the_file(tmp_path, content, sentence):
    (tmp_path / "odd.yaml").write_bytes(content)
    with pytest.raises(UserError, match=re.escape(sentence)):
        read_yaml(tmp_path / "odd.yaml")


def test_words_in_quotes_and_numbers_that_say_their_base_are_read_as_they_are(tmp_path):
    (tmp_path / "even.yaml").write_text("a: ['010', \"1:30\", 0, -0, 0.5, 0x10, 1_000]")
    assert read_yaml(tmp_path / "even.yaml") == {"a": ["010", "1:30", 0, 0, 0.5, 16, 1000]}


def test_a_key_over_one_that_is_merged_is_no_second_one(tmp_path):
    (tmp_path / "even.yaml").write_text("a: &a {k: 1, r: 2}\nb: &b {<<: *a, k: 3}\nc: {<<: *b, r: 4}\nd: *b\n")
    assert read_yaml(tmp_path / "even.yaml")["c"] == {"k": 3, "r": 4}
