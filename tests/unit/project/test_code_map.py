"""What the documentation points at is there: the code map's files, the pages' links, every page in the index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "tests").rglob("README.md"),
]
MAPS = ["docs/index.md", "CONTRIBUTING.md", "tests/README.md"]  # whose paths in `code` are read as promises
FOLDERS = ("tcclip/", "params/", "workflow/", "tests/", "docs/", ".ci/", ".vscode/")


MAKE_FILES = "adding_a_"  # guides, whose own files the tests that follow them make


def read(page):
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", MAPS)
def test_every_file_that_a_map_names_exists(name):
    named = re.findall(r"`([^`\s]+)`", read(ROOT / name))
    paths = [path for path in named if path.startswith(FOLDERS) and "<" not in path]
    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_module_of_the_program_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    if page.name == "CHANGELOG.md":  # of what was
        return
    named = re.findall(r"(?<![\w/.-])((?:tcclip|tests|workflow|\.ci)/[\w./-]*\w/?)(?![\w<*{]|\.\*)", text)
    modules = [name.replace(".", "/") for name in re.findall(r"python -m (tcclip(?:\.\w+)+)", text)]
    absent = {path for path in named if not (ROOT / path).exists()} | {
        module for module in modules if not ((ROOT / module).is_dir() or (ROOT / f"{module}.py").is_file())
    }
    assert page.name.startswith(MAKE_FILES) or sorted(absent) == []


def test_every_equation_is_where_the_index_says():
    rows = read(ROOT / "docs/index.md").split("## The paper's equations")[1].split("\n## ")[0]
    places = re.findall(r"`(tcclip/\S+\.py)`: `(\w+)`", rows)
    assert len(places) > 10
    lost = [
        f"{path}: {name}"
        for path, name in places
        if not re.search(
            rf"^(\s*def {name}\(|class {name}\b|{name} = )", (ROOT / path).read_text("utf-8"), re.MULTILINE
        )
    ]
    assert lost == []


def test_every_python_file_that_the_program_mentions_exists():
    files = {path.name for folder in ("tcclip", "tests", "docs") for path in (ROOT / folder).rglob("*.py")}
    mentions = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "tcclip").rglob("*.py")
        for name in re.findall(r"\b\w+\.py\b", path.read_text(encoding="utf-8"))
        if name not in files
    }
    assert sorted(mentions) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", read(page))
    files = [link.split("#")[0] for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in files if link and not (page.parent / link).exists()] == []


def anchors(page):
    """The #anchors of a page's headings, as GitHub makes them: small letters, blanks as dashes, no other signs."""
    found = []
    for heading in re.findall(r"^#+ +(.+?) *$", read(page), re.MULTILINE):
        words = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading)  # of a link its words
        anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        seen = sum(re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", other) is not None for other in found)
        found.append(f"{anchor}-{seen}" if seen else anchor)
    return found


def test_an_anchor_is_a_heading_in_small_letters_without_signs(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A `b_c`: what, and [why](x.md#y)?\n## Two\n```\n# no heading\n```\n## Two\n")
    assert anchors(page) == ["a-b_c-what-and-why", "two", "two-1"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_heading_finds_it(page):
    links = re.findall(r"\]\((?![a-z]+:)([^)\s#]*)#([^)\s]+)\)", read(page))
    headings = {
        file: anchors(page.parent / file if file else page) for file, _ in links if not file or file.endswith(".md")
    }
    assert [f"{file}#{anchor}" for file, anchor in links if file in headings and anchor not in headings[file]] == []


def test_every_page_of_docs_is_in_the_index():
    index = read(ROOT / "docs/index.md")
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md"]
    assert [page for page in pages if f"]({page})" not in index] == []


def test_every_package_is_in_the_index():
    index = read(ROOT / "docs/index.md")
    packages = [init.parent.name for init in (ROOT / "tcclip").glob("*/__init__.py")]
    assert [package for package in packages if f"`tcclip/{package}/`" not in index] == []
