"""A stage's code fingerprint changes with the meaning of the code it uses, and with nothing else."""

import ast
import shutil

import pytest

from tcclip.stages import declared, fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package that a test may edit."""
    copy = tmp_path / "tcclip"
    shutil.copytree(fingerprint.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "PACKAGE", copy)

    def code(module):
        fingerprint.code.cache_clear()
        fingerprint._module.cache_clear()
        return fingerprint.code(module)

    yield copy, code
    fingerprint.code.cache_clear()
    fingerprint._module.cache_clear()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_docstring_or_comment_changes_nothing(package):
    folder, code = package
    before = code("tcclip.training")
    path = folder / "training" / "schedule.py"
    path.write_text('"""Other words."""\n# a comment\n' + path.read_text().split('"""', 2)[2])
    assert code("tcclip.training") == before


def test_an_edit_reaches_the_stages_that_use_the_code_and_no_others(package):
    folder, code = package
    before = {stage: code(module) for stage, module in declared.CODE.items()}
    with open(folder / "training" / "schedule.py", "a") as file:
        file.write("\nANOTHER = 1\n")
    changed = {stage for stage, module in declared.CODE.items() if code(module) != before[stage]}
    assert "train" in changed
    assert changed <= {"train", "backbone"}


def test_the_schema_of_params_does_not_count(package):
    folder, code = package
    before = {stage: code(module) for stage, module in declared.CODE.items()}
    with open(folder / "params" / "method.py", "a") as file:
        file.write("\nANOTHER = 1\n")
    assert {stage: code(module) for stage, module in declared.CODE.items()} == before


def test_every_stage_names_an_existing_module():
    for module in declared.CODE.values():
        assert len(fingerprint.code(module)) == fingerprint.LENGTH


def test_meaning_keeps_code_and_drops_docstrings():
    with_docstring = ast.parse('def f():\n    """Words."""\n    return 1\n')
    without = ast.parse("def f():\n    return 1  # a comment\n")
    assert fingerprint._meaning(with_docstring) == fingerprint._meaning(without)
    assert fingerprint._meaning(without) != fingerprint._meaning(ast.parse("def f():\n    return 2\n"))
