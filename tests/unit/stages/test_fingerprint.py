"""A stage's code fingerprint changes with the meaning of the code it uses, and with nothing else."""

import ast
import hashlib
import shutil

import pytest

from tcclip.process.files import SHORT
from tcclip.stages import all_stages, fingerprint

CODE = {name: stage.CODE for name, stage in vars(all_stages()).items() if hasattr(stage, "CODE")}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package that a test may edit; gives its folder and the function that hashes the code there."""
    copy = tmp_path / "tcclip"
    shutil.copytree(fingerprint.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "PACKAGE", copy)

    def code(*modules):
        forget()
        return fingerprint.code(*modules)

    forget()
    yield copy, code
    forget()


def forget():
    for remembered in (fingerprint.code, fingerprint._module, fingerprint._closure):
        remembered.cache_clear()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_docstring_or_comment_changes_nothing(package):
    folder, code = package
    before = code("tcclip.training")
    path = folder / "training" / "budget.py"
    path.write_text('"""Other words."""\n# a comment\n' + path.read_text().split('"""', 2)[2])
    assert code("tcclip.training") == before


def test_what_editors_and_systems_put_beside_the_modules_is_none_of_them(package):
    folder, code = package
    before = code("tcclip.training"), fingerprint.templates("tcclip.reporting")
    for place in (folder / "training", folder / "reporting" / "templates"):
        (place / ".#budget.py").symlink_to("somebody@somewhere.4242:1700000000")
        (place / "._budget.py").write_bytes(b"\x00\x05\x16\x07\xff")
    assert (code("tcclip.training"), fingerprint.templates("tcclip.reporting")) == before


def test_an_edit_reaches_the_stages_that_use_the_code_and_no_others(package):
    folder, code = package
    before = {stage: code(*modules) for stage, modules in CODE.items()}
    with open(folder / "training" / "budget.py", "a") as file:
        file.write("\nANOTHER = 1\n")
    changed = {stage for stage, modules in CODE.items() if code(*modules) != before[stage]}
    assert "train" in changed
    assert changed <= {"train", "backbone"}


def test_the_schema_of_params_does_not_count(package):
    folder, code = package
    before = {stage: code(*modules) for stage, modules in CODE.items()}
    with open(folder / "params" / "method.py", "a") as file:
        file.write("\nANOTHER = 1\n")
    assert {stage: code(*modules) for stage, modules in CODE.items()} == before


def test_every_stage_names_an_existing_module():
    for modules in CODE.values():
        assert len(fingerprint.code(*modules)) == SHORT


def test_the_hash_of_files_is_of_their_names_and_bytes_in_whatever_order_they_come(tmp_path):
    def hashed(*order, **contents):
        for name, text in contents.items():
            (tmp_path / name).write_text(text)
        return fingerprint.data(tmp_path / name for name in order or contents)

    first = hashed(a="1", b="2")
    assert hashed("b", "a", a="1", b="2") == first and len(first) == SHORT
    others = [hashed(a="2", b="1"), hashed(a="1", c="2"), hashed(a="1", b="3"), hashed(a="1")]
    assert len({first, *others}) == 5


def meaning(text):
    words = []
    fingerprint._read(ast.parse(text), words, set())
    return words


def test_meaning_keeps_code_and_drops_docstrings():
    without = meaning("def f():\n    return 1  # a comment\n")
    assert meaning('def f():\n    """Words."""\n    return 1\n') == without
    assert meaning("def f():\n    return 2\n") != without
    assert meaning('def f():\n    text = """Words."""\n    return 1\n') != without


def test_what_a_refusal_says_does_not_count_but_that_and_when_it_refuses_does():
    """Rule 5: a better sentence re-trains nothing."""
    refuses = meaning("def f(x):\n    if x > 1:\n        raise UserError(f'{x} is too much')\n")
    assert meaning("def f(x):\n    if x > 1:\n        raise UserError(f'at most 1: {x}', x)\n") == refuses
    assert meaning("def f(x):\n    if x > 2:\n        raise UserError(f'{x} is too much')\n") != refuses
    assert meaning("def f(x):\n    if x > 1:\n        raise ValueError(f'{x} is too much')\n") != refuses
    assert meaning("raise ValueError(1)") != meaning("raise ValueError(2)")


EVERY_PYTHON = """
import a.b
class C(B, metaclass=M):
    def f(self, x: int = 1, *rest, key=None) -> str:
        return f"{x:>{self.width}} {key!r:{x}.2f}"
async def g(): return lambda: [i async for i in h() if i]
match x:
    case {"a": [1, *others], **more} if more: pass
try: pass
except* (A, B): raise
"""


def test_code_means_the_same_to_every_version_of_python():
    """3.12 gave functions type parameters and put empty texts into formats, 3.13 leaves empty fields out."""
    words = meaning(EVERY_PYTHON)
    assert hashlib.sha256("\n".join(words).encode()).hexdigest()[:SHORT] == "4c1b3adf8dc1f05f"


def test_a_value_that_is_nothing_counts_as_what_it_is():
    values = ["0", "0.0", "False", "''", "b''", "None", "()", "[]"]
    assert len({tuple(meaning(f"x = {value}")) for value in values}) == len(values)


def test_the_words_of_a_refusal_count_where_they_are_kept_instead_of_raised():
    assert meaning("told = UserError('one')") != meaning("told = UserError('other')")


def test_a_body_of_nothing_but_a_docstring_is_empty():
    assert meaning('def f():\n    """Words."""\n') == meaning("def f():\n    pass\n")


def test_of_params_nothing_counts_in_a_training_but_what_the_settings_of_kinds_compute():
    counted = fingerprint.modules(*CODE["train"], "tcclip.models.composition", "tcclip.params.kinds.vision.context")
    kinds = [name.removeprefix("tcclip.params.") for name in counted if name.startswith("tcclip.params")]
    assert "kinds.vision.context" in kinds and all(name.count(".") == 2 for name in kinds)
    assert "tcclip.evaluation.predict" in fingerprint.modules(
        *CODE["evaluate"]
    )  # what talks there does not count alone


def test_a_parameter_of_another_sort_counts():
    assert meaning("def f(a, /): pass") != meaning("def f(a): pass") != meaning("def f(*, a): pass")


def test_arithmetic_in_plan_and_params_counts_where_a_stage_writes_what_it_gives(package):
    folder, code = package
    before = code(*CODE["table"]), code(*CODE["claims"])
    for module in ("plan/cells.py", "params/claims.py"):
        with open(folder / module, "a") as file:
            file.write("\nANOTHER = 1\n")
    assert code(*CODE["table"]) != before[0] and code(*CODE["claims"]) != before[1]
    assert fingerprint.modules(*CODE["train"]).keys().isdisjoint({"tcclip.plan.cells", "tcclip.params.claims"})
