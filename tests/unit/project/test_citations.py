"""Every citation of the specification (docs/spec) in the repository names a section that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())
SPEC = ROOT / "docs" / "spec"
FILES = {path.stem: path for path in SPEC.rglob("*.md") if path.stem != "README"}  # methods, FACTS, ..., ost, xclip
PLACES = ("tcclip", "tests", "docs", "params", "workflow", "profiles", "slurm", "snakemake_logger_plugin_tcclip")
TEXT = {".cfg", ".csv", ".md", ".py", ".sh", ".smk", ".toml", ".yaml", ".yml"}

NUMBER = r"\d+(?:\.\d+)*"
LIST = rf"{NUMBER}(?:(?:, and |, | and | to |-){NUMBER})*"  # 7.2 to 7.4, 9 and 11
FILE = r"\b(?P<file>\w+)\.md\b`?(?:\]\([^)]*\))?"
KIND = r"(?:sections?|items?|facts?)"
CITED = (
    re.compile(rf"{FILE},? (?:{KIND} )?(?P<list>{LIST})"),  # methods.md 7.5; design.md, sections 5.8 and 6
    re.compile(rf"{FILE},? appendix (?P<list>[A-Z])\b"),
    re.compile(rf"\b{KIND} (?P<list>{LIST}) (?:of|in) (?:\[|`)?{FILE}"),  # section 1.7 of methods.md
)
WITHIN = re.compile(rf"(?<!paper, )\b(?:sections?|[Aa]ppendix) ({LIST}|[A-Z]\b)")  # in a file of the specification
RECIPE = re.compile(r"\bRecipes? ([A-Z])\b")


@cache
def sections(file: str) -> frozenset[str]:
    """Numbers of headings, of the items of numbered lists below them, and letters of appendices and recipes."""
    found, heading = set(), ""
    for line in FILES[file].read_text(encoding="utf-8").splitlines():
        if title := re.match(rf"#+ (?:Appendix ([A-Z])\.|({NUMBER}))?", line):
            heading = title[1] or title[2] or ""
            found.add(heading)
        elif item := re.match(r"(\d+)\. ", line):
            found.add(f"{heading}.{item[1]}".lstrip("."))
        elif recipe := re.match(r"\*\*Recipe ([A-Z])\*\*", line):
            found.add(f"Recipe {recipe[1]}")
    return frozenset(found - {""})


def named(cited: str) -> Iterator[str]:
    """All sections of a list; of a range also what lies between its ends."""
    for part in re.split(r", and |, | and ", cited):
        first, *last = re.split(r" to |-", part)
        yield first
        for end in last:
            stem, start, stop = first.rpartition(".")[0], first.rpartition(".")[2], end.rpartition(".")[2]
            inside = range(int(start) + 1, int(stop)) if end.rpartition(".")[0] == stem else ()
            yield from (f"{stem}.{n}".lstrip(".") for n in inside)
            yield end


def citations(text: str, own: str = "") -> Iterator[tuple[str, str]]:
    """(file, section) of everything that a text cites; `own` is the file of the specification that it is, if one."""
    text = re.sub(r"\s*\n[\s#*|]*", " ", text)  # a citation may go on in the next line, of a comment too
    for pattern in CITED:
        for cited in pattern.finditer(text):
            if cited["file"] in FILES:
                yield from ((cited["file"], section) for section in named(cited["list"]))
    yield from (("methods", f"Recipe {letter}") for letter in RECIPE.findall(text))
    if own:
        for pattern in CITED:
            text = pattern.sub("", text)
        yield from ((own, section) for cited in WITHIN.findall(text) for section in named(cited))


def lost(text: str, own: str = "") -> list[str]:
    """The citations of a text that lead nowhere."""
    return [f"{file}.md {section}" for file, section in citations(text, own) if section not in sections(file)]


def texts() -> list[Path]:
    """The files of the repository in which the specification may be cited."""
    below = [path for place in PLACES for path in (ROOT / place).rglob("*") if path.suffix in TEXT and path.is_file()]
    beside = [path for path in ROOT.iterdir() if path.suffix in TEXT or path.name in ("Makefile", "Snakefile")]
    return sorted({*below, *beside} - {Path(__file__)})


@pytest.fixture(scope="module")
def repository() -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in texts()}


def test_every_citation_in_the_repository_names_an_existing_section(repository: dict[Path, str]) -> None:
    own = {path: stem for stem, path in FILES.items()}
    found = {path: lost(text, own.get(path, "")) for path, text in repository.items()}
    assert {path.relative_to(ROOT).as_posix(): missing for path, missing in found.items() if missing} == {}


def test_the_citations_of_the_code_are_found(repository: dict[Path, str]) -> None:
    others = [text for path, text in repository.items() if SPEC not in path.parents]
    cited = [cite for text in others for cite in citations(text)]
    mentioned = sum(len(re.findall(r"\b(?:methods|FACTS|design)\.md[, ]+\d", text)) for text in others)
    assert len(cited) >= mentioned > 80
    assert {file for file, _ in cited} >= {"methods", "FACTS", "design"}


def test_no_text_points_beside_the_repository(repository: dict[Path, str]) -> None:
    assert [path for path, text in repository.items() if re.search(r"\.\./shared/|/ \"shared\"", text)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as in methods.md 7.5", ["methods 7.5"]),
        ("(methods.md 7.2 to 7.4).", ["methods 7.2", "methods 7.3", "methods 7.4"]),
        ("(paper, section 3.2; methods.md 7.5-7.7)", ["methods 7.5", "methods 7.6", "methods 7.7"]),
        ("methods.md 1.2, 1.6, 8.6", ["methods 1.2", "methods 1.6", "methods 8.6"]),
        ("methods.md 1.5, 13; FACTS.md 23", ["methods 1.5", "methods 13", "FACTS 23"]),
        ("(design.md, sections 5.8 and 6)", ["design 5.8", "design 6"]),
        ("# design.md\n    # section 6: where", ["design 6"]),
        ("methods.md, Recipe X", ["methods Recipe X"]),
        ("Recipe S of methods.md 1.3,", ["methods 1.3", "methods Recipe S"]),
        ("methods.md 9, T6", ["methods 9"]),
        ("methods.md 12: a training of 30 epochs", ["methods 12"]),
        ("[methods.md](spec/methods.md) 8.1 and docs/spec/systems/ost.md 6.4", ["methods 8.1", "ost 6.4"]),
        ("item 4 of FACTS.md, methods.md appendix B", ["methods B", "FACTS 4"]),
        ("see methods.md for all 7 of them, README.md 3", []),
    ],
)
def test_citations_are_read_in_every_form(text: str, expected: list[str]) -> None:
    assert [f"{file} {section}" for file, section in citations(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("methods.md 7.9", ["methods.md 7.9"]),
        ("methods.md 8.5 to 8.8", ["methods.md 8.7", "methods.md 8.8"]),
        ("design.md, sections 6 and 9.1", ["design.md 9.1"]),
        ("FACTS.md 32 and 33", ["FACTS.md 33"]),
        ("methods.md, Recipe B", ["methods.md Recipe B"]),
        ("systems/xclip.md 7.12, parity.md appendix C", ["xclip.md 7.12", "parity.md C"]),
    ],
)
def test_a_section_that_does_not_exist_is_told(text: str, expected: list[str]) -> None:
    assert lost(text) == expected


def test_a_file_of_the_specification_may_name_its_own_sections() -> None:
    assert lost("see section 7.5, appendix B and section 15", own="methods") == ["methods.md 15"]
    assert lost("section 15 and appendix Z") == []
