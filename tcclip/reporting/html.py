"""HTML from the templates of a package; what is put into them is text, unless it says that it is markup."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup


def templates(folder: Path) -> Environment:
    """The templates of a folder; a name that they are not given is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def part(of: Environment, template: str, macro: str, **values: object) -> Markup:
    """What a macro of a template makes of `values`."""
    made: Markup = getattr(of.get_template(template).module, macro)(**values)
    return made
