"""Class names as CLIP reads them: two spellings of one name are told, and numbers are not taken for names."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tcclip.data.splits import cures
from tcclip.errors import UserError

# A number, also with a word or a letter before it that says no more: 3, class_03, A001
NUMBER = re.compile(r"((action|activity|category|class|cls|id|label|[a-z])?[\s_#-]*)?\d+([.,]\d+)?", re.IGNORECASE)
NO_WIDTH = "Cf"  # category of Unicode's marks without width, soft hyphens among them
BETWEEN_NUMBERS = re.compile(r"(?<=\d)[\s_-]+(?=\d)")  # part_1_2 is not part_12


def same_name(name: str) -> str:
    """What spellings of one name share: case, blanks of any kind, _ and Unicode's forms are no difference."""
    if name.isascii():  # quick, for hundreds of thousands of paths
        return "".join(name.casefold().replace("_", " ").split())
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(
        char for char in plain if not char.isspace() and char != "_" and unicodedata.category(char) != NO_WIDTH
    )


def as_read(name: str) -> str:
    """What class names share that CLIP reads alike: `same_name` of what its tokenizer makes of one before all else.

    That straightens quotes, repairs text that was decoded wrongly, and reads HTML's entities, twice.
    """
    if name.isascii() and name.isprintable() and "&" not in name:  # nothing to be cleaned
        return same_name(name)
    import ftfy

    return same_name(html.unescape(html.unescape(ftfy.fix_text(name))))


def same_group(group: str) -> str:
    """What spellings of one group share; 1_12 and 11_2 are two."""
    return same_name(BETWEEN_NUMBERS.sub("+", group))


def spellings(names: Iterable[str], key: Callable[[str], str] = as_read) -> list[list[str]]:
    """The names that are spelt in several ways, each with its spellings in their order."""
    by_name: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        by_name.setdefault(key(name), []).append(name)
    return [alike for alike in by_name.values() if len(alike) > 1]


def best_spelling(alike: Sequence[str], counts: Mapping[str, int]) -> str:
    """The most frequent one (of equals the first), in Unicode's composed form and with plain single blanks."""
    best = max(alike, key=lambda name: counts[name])
    seen = "".join(char for char in best if unicodedata.category(char) != NO_WIDTH)
    return " ".join(unicodedata.normalize("NFC", seen).split())


def check_spellings(path: Path, labels: Sequence[tuple[int, str]]) -> None:
    """UserError where labels (line, label) of a list are one name in two spellings."""
    if alike := spellings(label for _, label in labels):
        raise _two_spellings(path, labels, alike, "class in two spellings, which CLIP reads alike")


def check_groups(path: Path, groups: Sequence[tuple[int, str]]) -> None:
    """UserError where groups (line, group) of a list are one in two spellings, of which each could go to its side."""
    if alike := spellings((group for _, group in groups), same_group):
        raise _two_spellings(path, groups, alike, "group in two spellings, which would be parted")


def _two_spellings(
    path: Path, labels: Sequence[tuple[int, str]], alike: Sequence[Sequence[str]], what: str
) -> UserError:
    """The error about labels (line, label) that are `alike`, with the command that writes one."""
    counts = Counter(label for _, label in labels)
    line = {label: number for number, label in reversed(labels)}
    changes = {}
    for names in alike:
        best = best_spelling(names, counts)
        changes.update({name: best for name in names if name != best})
    first, second = alike[0][:2]
    two_lines = any(re.search("[\r\n]", name) for name in changes)  # a command sees one line at a time
    more = f" ({len(alike)} names have several spellings)" if len(alike) > 1 else ""
    return UserError(
        f"{path}: {cures.shown(first)} (line {line[first]}) and {cures.shown(second)} (line {line[second]}) are one "
        f"{what}{more}: " + ("write one of them" if two_lines else f"{cures.replace_cells(changes, path)} writes one")
    )


def check_official(dataset: str, names: Sequence[str], folder: Path) -> None:
    """UserError where names of an official class list are one name in two spellings; `folder` has the lists."""
    alike = spellings(names)
    if not alike:
        return
    files = sorted(path for path in folder.rglob("[!.]*") if path.suffix in (".csv", ".txt", ".json"))
    first, second = alike[0][:2]
    places = {name: _place(name, files) for name in (first, second)}
    sentence = (
        f"dataset {dataset}: {cures.shown(first)} ({places[first]}) and {cures.shown(second)} ({places[second]}) are "
        "one class in two spellings, which CLIP reads alike"
    )
    table = Path(places[second].rsplit(", line ", 1)[0])
    if table.suffix != ".csv":
        raise UserError(f"{sentence}: write one in all lists, or put the release's own lists back")
    changes = {name: best_spelling(group, Counter(group)) for group in alike for name in group}
    commands = [cures.replace_cells(changes, path) for path in files if path.suffix == ".csv"]
    raise UserError(f"{sentence}: {' and '.join(commands)} write one")


def _place(name: str, files: Sequence[Path]) -> str:
    """The first line of a list that has a name, or the list that is called so."""
    for path in files:
        if path.name.startswith(f"{name}_test_split"):
            return str(path)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if name in re.split(r'[,\t"]|^\d+ ', line) or f"{name}," in line:
                return f"{path}, line {number}"
    return "its list"


def is_number(label: str) -> bool:
    """Whether a label is no name in words."""
    return bool(NUMBER.fullmatch(label)) or not any(char.isalpha() for char in label)


def check_words(path: Path, labels: Sequence[tuple[int, str]], where: str) -> list[str]:
    """UserError where all labels (line, label) of a list are numbers; a remark where some are.

    `where` is the dataset's file, which may name a list of names.
    """
    numbers = sorted({label for _, label in labels if is_number(label)}, key=lambda label: (len(label), label))
    if not numbers:
        return []
    line, first = next((number, label) for number, label in labels if is_number(label))
    if len(numbers) < len({label for _, label in labels}):
        return [f"{path}, line {line}: label '{first}' is a number among names, and CLIP reads it as a word"]
    names = path.with_name("names.csv")
    said = f"{path}, line {line}: label '{first}' is a number as all labels are, and CLIP reads labels as words"
    name_it = f"name it in {where}: {cures.append_line(f'names: {names}', where)}"
    if names.exists():
        raise UserError(f"{said}: if {names}, which is there, has the classes' names, {name_it}")
    begun = f"{cures.begin_names(numbers, names)} begins a list of names, a line for each number"
    raise UserError(f"{said}: {begun}; write the names there and {name_it}")
