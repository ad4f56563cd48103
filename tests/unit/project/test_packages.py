"""The packages of tcclip import each other in one direction: the order in which docs/index.md lists them."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ORDER = re.findall(r"`tcclip/(\w+)/`", (ROOT / "docs/index.md").read_text(encoding="utf-8").split("## The packages")[1])


def imported(path):
    """The packages that a file imports from, also inside its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module] if node.module != "tcclip" else [f"tcclip.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("tcclip."))


def test_a_package_imports_none_that_is_listed_below_it():
    against = [
        f"{path.relative_to(ROOT)} imports {package}"
        for path in sorted((ROOT / "tcclip").glob("*/**/*.py"))
        for package in imported(path)
        if package in ORDER and ORDER.index(package) > ORDER.index(path.relative_to(ROOT / "tcclip").parts[0])
    ]
    assert against == []
