"""The guides of docs/ as tests follow them: their files, written where they say, and their commands."""

import re
import textwrap
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^ *```(\w+)(?: (\S+))?\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


def files(guide: str) -> dict[str, str]:
    """path -> content, of the blocks that name a path: ```yaml params/tables/few_tokens.yaml."""
    return {path: textwrap.dedent(text) for _, path, text in BLOCK.findall(_page(guide)) if path}


def commands(guide: str) -> list[str]:
    """The blocks of shell commands, in their order."""
    return [textwrap.dedent(text) for language, _, text in BLOCK.findall(_page(guide)) if language == "bash"]


def write(guide: str, folder: Path) -> None:
    """Write the guide's files below a folder."""
    for path, text in files(guide).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def _page(guide: str) -> str:
    return (DOCS / guide).read_text(encoding="utf-8")
