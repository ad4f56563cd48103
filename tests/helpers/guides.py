"""The guides of docs/ as tests follow them: their files, placed by a comment in the first line, and their commands."""

import re
import textwrap
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
PLACE = re.compile(r"# ([\w./-]+\.\w+)\n")


def files(guide: str) -> dict[str, str]:
    """path -> content, of the blocks that begin with a line like `# params/tables/few_tokens.yaml`."""
    found = {}
    for _, text in _blocks(guide):
        if place := PLACE.match(text):
            found[place[1]] = text.removeprefix(place[0])
    return found


def blocks(guide: str, language: str) -> list[str]:
    """All blocks in a language, in their order."""
    return [text for of, text in _blocks(guide) if of == language]


def write(guide: str, folder: Path) -> list[Path]:
    """Write the guide's files below a folder; an error if one is there already, because a guide edits nothing."""
    written = []
    for path, text in files(guide).items():
        assert not (folder / path).exists(), f"{guide} writes {path}, which is there"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
        written.append(folder / path)
    return written


def _blocks(guide: str) -> list[tuple[str, str]]:
    page = (DOCS / guide).read_text(encoding="utf-8")
    return [(language, textwrap.dedent(text)) for language, text in BLOCK.findall(page)]
