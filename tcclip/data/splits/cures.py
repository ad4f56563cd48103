"""Commands that repair a list, as errors print them; each works as it is typed into a shell with GNU tools."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

MOST = 12  # changes in one command; what is left over the next error names
MOST_RUNS = 5_000  # of lines that one command deletes: the system takes 128 kB for one argument
QUOTED = r's/^(\S+)[ \t]+(.*\S)\s*$/\1,"\2"/'
EDGE = r'[,;|\t"]'  # of a cell, besides the line's


def insert_head(head: str, path: Path) -> str:
    """Write `head` before the first line."""
    return _sed(f"1i {head}", path, extended=False)


def split_at_blanks(has_head: bool, path: Path) -> str:
    """Write a comma for the first blanks of each line, and what follows into quotes."""
    head = [] if has_head else ["-e", "1i path,label"]
    return f"`sed -i -E {shlex.join([*head, '-e', QUOTED])} {shlex.quote(str(path))}`"


def replace_line(number: int, new: str, path: Path) -> str:
    """Write a line anew."""
    return _sed(f"{number}c {new}", path, extended=False)


def replace_in_line(number: int, old: str, new: str, path: Path) -> str:
    """Replace the first `old` of a line."""
    return _sed(f"{number}s/{_pattern(old)}/{_text(new)}/", path)


def pass_over_split(path: Path) -> str:
    """Make the column split a remark; the head is the first line that has it."""
    script = rf"0,/(^|{EDGE}) *split *($|\r|{EDGE})/Is//\1_split\2/"
    return _sed(script, path)


def replace_in_lines(changes: Mapping[int, tuple[str, str]], path: Path) -> str:
    """Replace, for line -> (old, new), the first `old` of each line."""
    script = "; ".join(
        f"{number}s/{_pattern(old)}/{_text(new)}/"
        for number, change in list(changes.items())[:MOST]
        for old, new in _as_written(*change)
    )
    return _sed(script, path)


def replace_cells(changes: Mapping[str, str], path: Path) -> str:
    """Replace cells that are `old`, in every line, for old -> new; what else holds the words stays."""
    script = "; ".join(
        rf"s/(^|{EDGE}) *{_pattern(old)} *($|\r|{EDGE})/\1{_text(new)}\2/"
        for change in list(changes.items())[:MOST]
        for old, new in _as_written(*change)
    )
    return _sed(script, path)


def cut_paths(prefix: str, backslashes: bool, path: Path) -> str:
    """Take a beginning off all paths, and write / for \\ in them."""
    cut = rf"s/(^|{EDGE}) *{_pattern(prefix)}/\1/"
    script = "; ".join([r"y/\\/\//"] * backslashes + [cut] * bool(prefix))
    return _sed(script, path)


def replace_parts(folders: Mapping[str, str], names: Mapping[str, str], path: Path) -> str:
    """Replace folders, and names after the last /, in paths."""
    script = [rf"s/(^|\/|{EDGE}){_pattern(old)}\//\1{_text(new)}\//" for old, new in folders.items()]
    script += [rf"s/(^|\/){_pattern(old)}($|\r|{EDGE})/\1{_text(new)}\2/" for old, new in names.items()]
    return _sed("; ".join(script), path)


def replace_suffixes(changes: Mapping[str, str], path: Path) -> str:
    """Replace suffixes at the ends of paths, in every line, for old -> new."""
    script = "; ".join(
        rf"s/{_pattern(old)}([ \t]+[0-9]| *($|\r|{EDGE}))/{_text(new)}\1/" for old, new in changes.items()
    )
    return _sed(script, path)


def delete_lines(numbers: Iterable[int], path: Path) -> str:
    """Take lines out; all of them at once, because what is left is numbered anew."""
    runs = _runs(numbers)[:MOST_RUNS]
    script = ";".join(f"{first}d" if first == last else f"{first},{last}d" for first, last in runs)
    return _sed(script, path, extended=False)


def delete_records(records: Mapping[int, int], path: Path) -> str:
    """Take records out, for first line -> number of lines, as the subject of a sentence.

    It is a command but for a record that goes over several lines: whoever takes it out should see all of it.
    """
    if over := [(first, lines) for first, lines in records.items() if lines > 1]:
        first, lines = over[0]
        others = len(records) - 1
        more = f" and {others} other record{'s' * (others > 1)}" if others else ""
        return f"deleting lines {first} to {first + lines - 1}, which are one record,{more} in an editor"
    return delete_lines(records, path)


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of numbers that follow each other: a list that is there twice is one run, not 100,000 lines."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        first = runs.pop()[0] if runs and runs[-1][1] == number - 1 else number
        runs.append((first, number))
    return runs


def quote_label(before: int, after: int, delimiter: str, path: Path) -> str:
    """Put labels with the delimiter in them into quotes; `before` and `after` count the columns beside the label."""
    sep, cell = _pattern(delimiter), f"[^{delimiter}]*"
    left, right = f"({cell}{sep})" * before, f"({sep}{cell})" * after
    old = f'^{left}([^"]*{sep}[^"]*){right}$'
    new = "".join(rf"\{n + 1}" for n in range(before)) + rf'"\{before + 1}"'
    new += "".join(rf"\{before + 2 + n}" for n in range(after))
    return _sed(f"2,$s/{old}/{new}/", path)


def begin_names(labels: Sequence[str], path: Path) -> str:
    """Begin a list of names: a line `<label>,` for each."""
    count = [str(number) for number in range(len(labels))]
    each = f"$(seq 0 {len(labels) - 1})" if list(labels) == count and len(labels) > MOST else shlex.join(labels)
    return f"`printf '%s,\\n' {each} > {shlex.quote(str(path))}`"


def append_line(line: str, path: str) -> str:
    """Write `line` at the end of a file."""
    return _sed(f"$a {line}", path, extended=False)


def name_folder(folder: str, path: str) -> str:
    """Give `folder` of a dataset's file, which stands in a line of its own, another value."""
    return _sed(f"s/^folder:.*/folder: {_text(folder)}/", path)


def convert(encoding: str, path: Path) -> str:
    """Write the file again as UTF-8."""
    file, new = shlex.quote(str(path)), shlex.quote(f"{path}.utf8")
    return f"`iconv -f {encoding} -t UTF-8 {file} > {new} && mv {new} {file}`"


def _sed(script: str, path: Path | str, extended: bool = True) -> str:
    """The command that changes a file by a script of sed."""
    return f"`sed -i {'-E ' * extended}{shlex.quote(script)} {shlex.quote(str(path))}`"


def shown(text: str) -> str:
    """A text in quotes in which one sees what else looks like nothing: special blanks, marks, single accents."""
    visible = (
        char if _is_visible(char) or (char == " " and before != " ") else f"\\u{ord(char):04x}"
        for before, char in zip(f"^{text}", text, strict=False)
    )
    return f"'{''.join(visible)}'"


def _is_visible(char: str) -> bool:
    return unicodedata.category(char)[0] not in "CZM"


def _as_written(old: str, new: str) -> list[tuple[str, str]]:
    """A change of a cell in the ways in which the cell may stand in a list: within quotes, quotes are written twice."""
    twice = [(old.replace('"', '""'), new.replace('"', '""'))] if '"' in old else []
    return [*twice, (old, new)]


def _pattern(text: str) -> str:
    """As an extended regular expression of sed: bytes that are no ASCII by their numbers, blanks in a row counted."""
    coded = "".join(_byte(byte) if byte > 126 or byte < 32 else _escaped(chr(byte)) for byte in text.encode())
    return re.sub(" {2,}", lambda blanks: f" {{{len(blanks[0])}}}", coded)


def _text(text: str) -> str:
    """As the replacement of sed's `s`."""
    return re.sub(r"[\\/&]", r"\\\g<0>", text)


def _byte(byte: int) -> str:
    return f"\\x{byte:02X}"


def _escaped(char: str) -> str:
    return f"\\{char}" if char in r".[]()*+?{}|^$\/" else char
