"""What a result depends on, as short hashes: code by its meaning, files by their bytes.

A stage's code is its module and everything it imports from tcclip. Docstrings, comments and layout do not count, so
that better words never re-train a run. The params package is left out: its values count, and they are recorded apart.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tcclip.process.files import sha256

PACKAGE = Path(__file__).parents[1]
TALKS = ("process.console", "process.lock", "process.progress")
NOT_RESULTS = tuple(f"tcclip.{name}" for name in ("params", "errors", "plan", "stages", *TALKS, "cli"))
LENGTH = 16
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@functools.cache
def code(*modules: str) -> str:
    """Hash of the code of `modules` (dotted names of modules or packages) and of all tcclip modules they import."""
    digest = hashlib.sha256()
    for name in sorted(set().union(*map(_closure, modules))):
        digest.update(f"{name} {_module(name)[0]}\n".encode())
    return digest.hexdigest()[:LENGTH]


def data(files: Iterable[Path]) -> str:
    """Hash of the bytes of `files`."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.name} {sha256(file)}\n".encode())
    return digest.hexdigest()[:LENGTH]


def _is_no_result(module: str) -> bool:
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
    _read(ast.parse(path.read_text(encoding="utf-8")), words, imported)
    ours = {found for found in imported if found.startswith("tcclip.") and not _is_no_result(found)}
    return hashlib.sha256("\n".join(words).encode()).hexdigest(), frozenset(found for found in ours if _file(found))


def _submodules(module: str) -> set[str]:
    """All modules of a package; none for a plain module."""
    folder = PACKAGE.parent.joinpath(*module.split("."))
    return {f"{module}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__"}


def _closure(module: str) -> set[str]:
    """`module` (with its submodules) and everything of tcclip that is imported from there."""
    seen: set[str] = set()
    todo = {module, *_submodules(module)}
    while todo:
        name = todo.pop()
        seen.add(name)
        todo |= _module(name)[1] - seen
    return seen


def _read(node: ast.AST, words: list[str], imported: set[str]) -> None:
    """Add what a syntax tree says to `words`, without docstrings, and the names it imports to `imported`.

    As `ast.dump` and `ast.walk` in one pass, because every start of Snakemake reads half the package.
    """
    words.append(type(node).__name__)
    if isinstance(node, ast.Import):
        imported.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        imported.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            _read(value, words, imported)
        elif isinstance(value, list):
            words.append("[")
            for item in _body_without_docstring(node) if field == "body" else value:
                if isinstance(item, ast.AST):
                    _read(item, words, imported)
                else:
                    words.append(repr(item))
            words.append("]")
        else:
            words.append(repr(value))


def _body_without_docstring(node: Any) -> list[ast.AST]:
    body: list[ast.AST] = node.body
    first = body[0] if body and isinstance(node, DOCUMENTED) else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:] or [ast.Pass()]
    return body
