"""What a result depends on, as short hashes: code by its meaning, files by their bytes.

A stage's code is its module and everything it imports from tcclip. Docstrings, comments, layout and what a refusal says
do not count, so that better words never re-train a run; nor does the version of Python that reads the code. The params
package is left out: its values count, and they are recorded apart; but what the settings of a kind compute (how many
seeds, which layers) is code of that kind. So are params and plan where a stage names their modules, because what it
writes is computed there.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tcclip.process.files import SHORT, sha256, short_hash

PACKAGE = Path(__file__).parents[1]
NOT_RESULTS = (  # modules and packages, by their exact names
    "tcclip.params",  # its values count
    "tcclip.plan",
    "tcclip.stages",
    "tcclip.cli",
    # What only talks, or says where a result was made.
    "tcclip.errors",
    "tcclip.process.cards",
    "tcclip.process.console",
    "tcclip.process.environment",
    "tcclip.process.git",
    "tcclip.process.gpu",
    "tcclip.process.lock",
    "tcclip.process.progress",
    "tcclip.process.unfinished",
    "tcclip.process.log",
    "tcclip.training.talk",
    "tcclip.evaluation.talk",
)
KINDS = "tcclip.params.kinds."  # below it a package for each axis
REFUSALS = ("UserError", "unknown")  # of tcclip.errors
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def code(*names: str) -> str:
    """Hash of the code of modules or packages (dotted names) and of all modules of tcclip that they import."""
    return short_hash(modules(*names))


def modules(*names: str) -> dict[str, str]:
    """Module -> hash of its meaning, of those that `code` looks at."""
    return {name: _module(name)[0] for name in sorted(frozenset().union(*map(_closure, names)))}


def data(files: Iterable[Path]) -> str:
    """Hash of the bytes of `files`."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.name} {sha256(file)}\n".encode())
    return digest.hexdigest()[:SHORT]


def given(files: Iterable[Path]) -> dict[str, str]:
    """As a setting: the content of files that a person has put there; nothing where there are none yet.

    Snakemake looks at times alone, and what takes a file's place may be older (mv, rsync -t, tar x).
    """
    there = [file for file in files if os.access(file, os.R_OK)]
    seen = [(file, file.stat().st_size, file.stat().st_mtime_ns) for file in there]
    return {"content": _content(tuple(seen))} if seen else {}


@functools.cache
def _content(seen: tuple[tuple[Path, int, int], ...]) -> str:
    """`data` of files with their sizes and times: weights are large, and Snakemake asks more than once."""
    return data(file for file, _, _ in seen)


def templates(package: str) -> str:
    """Hash of a package's templates, which are no modules that `code` could find."""
    return data(PACKAGE.parent.joinpath(*package.split("."), "templates").glob("[!.]*"))


def _is_no_result(module: str) -> bool:
    if module.startswith(KINDS) and "." in module.removeprefix(KINDS):
        return False
    return any(module == name or module.startswith(f"{name}.") for name in NOT_RESULTS)


def _file(module: str) -> Path | None:
    base = PACKAGE.parent.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@functools.cache
def _module(name: str) -> tuple[str, frozenset[str]]:
    """The hash of a module's meaning, and the modules of tcclip that it imports."""
    path = _file(name)
    if path is None:
        raise ModuleNotFoundError(f"no module {name} in tcclip")
    words: list[str] = []
    imported: set[str] = set()
    _read(ast.parse(path.read_text(encoding="utf-8"), str(path)), words, imported)
    ours = {found for found in imported if found.startswith("tcclip.") and not _is_no_result(found) and _file(found)}
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:SHORT], frozenset(ours)


def _submodules(module: str) -> set[str]:
    """All modules of a package; none for a plain module."""
    folder = PACKAGE.parent.joinpath(*module.split("."))
    found = {f"{module}.{path.stem}" for path in folder.glob("[!.]*.py") if path.stem != "__init__"}
    return {name for name in found if not _is_no_result(name)}


@functools.cache
def _closure(module: str) -> frozenset[str]:
    """`module` (with its submodules) and everything of tcclip that is imported from there."""
    seen: set[str] = set()
    todo = {module, *_submodules(module)}
    while todo:
        name = todo.pop()
        seen.add(name)
        todo |= _module(name)[1] - seen
    return frozenset(seen)


def _read(node: ast.AST, words: list[str], imported: set[str]) -> None:
    """Add what a syntax tree says to `words`, without what is for people alone, and its imports to `imported`.

    As `ast.dump` and `ast.walk` in one pass, because every start of Snakemake reads half the package. Fields without a
    value are left out: every version of Python has other ones.
    """
    words.append(type(node).__name__)
    if isinstance(node, ast.Import):
        imported.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        imported.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    for field in node._fields:
        value = getattr(node, field, None)
        if value is None or value == []:
            continue
        words.append(field)
        if isinstance(value, ast.Call) and isinstance(node, ast.Raise) and _is_refusal(value):
            continue
        if isinstance(value, ast.AST):
            _read(value, words, imported)
        elif isinstance(value, list):
            words.append("[")
            for item in _for_the_program(node, field, value):
                if isinstance(item, ast.AST):
                    _read(item, words, imported)
                else:
                    words.append(repr(item))
            words.append("]")
        else:
            words.append(repr(value))


def _is_refusal(raised: ast.Call) -> bool:
    """Whether what is raised is a sentence for the user, which no result holds."""
    return isinstance(raised.func, ast.Name) and raised.func.id in REFUSALS


def _for_the_program(node: ast.AST, field: str, items: list[Any]) -> list[Any]:
    """A list of a syntax tree without a docstring, and without the empty texts that Python 3.12 has in formats."""
    if field == "body" and isinstance(node, DOCUMENTED):
        return items[1:] or [ast.Pass()] if _is_text(items[0]) else items
    if isinstance(node, ast.JoinedStr):
        return [item for item in items if not (isinstance(item, ast.Constant) and item.value == "")]
    return items


def _is_text(statement: ast.AST) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
