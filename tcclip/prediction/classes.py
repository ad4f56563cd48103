"""Class names of a person's own: which texts they have, and what a method makes of names it was not trained with."""

from __future__ import annotations

from tcclip.errors import UserError
from tcclip.models.class_texts import readable
from tcclip.prediction.source import Classes, Source


def typed_names(text: str) -> tuple[str, ...]:
    """Class names as a person types them: between commas, or one a line."""
    return tuple(name.strip() for name in text.replace("\n", ",").split(",") if name.strip())


def classes_for(source: Source, names: tuple[str, ...], known: list[Classes]) -> Classes:
    """Class names that a person has typed, with their texts from outside where `known` classes have them.

    UserError where the method cannot do without them; rephrased names are taken to be typed as they are meant.
    """
    method = source.subject.method
    if not names:
        raise UserError("the list of class names is empty")
    if doubles := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"class '{doubles[0]}' is named twice")
    first: dict[str, str] = {}
    for name in names:
        if not (read := readable(name, method.names).casefold()):
            raise UserError("one of the class names is empty")
        if (other := first.setdefault(read, name)) != name:
            raise UserError(f"classes '{other}' and '{name}' are one in two spellings, which CLIP reads alike")
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for kind in method.outside:
        there = {name: strings for classes in known for name, strings in classes.texts.get(kind, {}).items()}
        lacking = [name for name in names if name not in there]
        if not lacking:
            found[kind] = {name: there[name] for name in names}
        elif kind in method.text.outside:
            raise UserError(
                f"method {method.name} needs {kind} of every class, which a language model writes beforehand, and "
                f"'{lacking[0]}' has none: describe your classes as a dataset (docs/adding_a_dataset.md), let `tcclip "
                f"texts ask DATASET {kind}` write the prompts for them, and name it with --dataset DATASET"
            )
    return Classes(names, found)


def remarks(source: Source, classes: Classes) -> list[str]:
    """What a person should know of how names are read."""
    subject, found = source.subject, []
    if subject.method_for(classes.names) is not subject.method:
        found.append(
            f"the learned vectors of {subject.name} belong to the classes of its training: these names are read "
            "without any"
        )
    if subject.method.names.source == "llm" and "rephrased" not in classes.texts:
        found.append(f"{subject.name} was trained with rephrased class names: these are read as they are typed")
    return found
