"""The package is a table of contents: few modules at the top, files of one topic, a Snakefile on one screen."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "tcclip"
LONGEST = 300  # lines


def test_the_top_of_the_package_has_at_most_three_modules() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 3


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "workflow").rglob("*.smk"), ROOT / "Snakefile"]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}
    assert lengths["Snakefile"] <= 60
