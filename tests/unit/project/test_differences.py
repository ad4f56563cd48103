"""docs/differences.md lists, in one table, where the program differs from the authors' code on purpose."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/differences.md").read_text(encoding="utf-8")
LINES = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
ROWS = [cells for cells in LINES[2:] if not cells[0].startswith("**")]


def test_readme_and_index_lead_to_the_one_table():
    assert "(docs/differences.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(differences.md)" in (ROOT / "docs/index.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^\|---", PAGE, re.MULTILINE)) == 1


def test_every_difference_says_what_each_does_and_how_to_have_the_authors():
    assert len(ROWS) >= 20
    for cells in ROWS:
        assert len(cells) == 5 and cells[1] and cells[2] and cells[4], cells[0]


def test_every_key_that_the_table_names_is_one_of_params():
    params = ROOT / "params"
    files = [*params.glob("*/*.yaml"), *params.glob("schemas/*.json")]
    known = "\n".join(path.read_text(encoding="utf-8") for path in files)
    names = {"ctx_init", *(path.stem for path in params.glob("methods/*.yaml"))}  # the first is the authors' key
    for key in re.findall(r"`([a-z_.]+)(?:: [a-z0-9]+)?`", PAGE):
        missing = [part for part in key.split(".") if f"{part}:" not in known and f'"{part}"' not in known]
        assert not missing or key in names, key


def test_what_the_table_calls_the_authors_own_is_the_default():
    protocols = [yaml.safe_load(path.read_text()) for path in (ROOT / "params/protocols").glob("*.yaml")]
    assert all(content["counted_for"] == 4 and content["views"]["mode"] == "paper" for content in protocols)
    assert yaml.safe_load((ROOT / "params/methods/_base.yaml").read_text())["we"]["w"] == 0.7
