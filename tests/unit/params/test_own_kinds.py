"""Mistakes in the files of one's own kind are sentences that name the file."""

from __future__ import annotations

import pytest

from tcclip.errors import UserError
from tcclip.params.kinds import axis
from tcclip.params.kinds.pool.mean import Settings
from tcclip.stages import fingerprint


def test_a_kind_is_called_like_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings.model_fields["kind"], "default", "mit")
    with pytest.raises(
        UserError, match=r"pool/mean\.py: the kind is called 'mit', and its file 'mean': write `kind: L"
    ):
        axis._settings("pool", "mean")


def test_a_kind_says_where_its_axis_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Settings, "SECTION")
    with pytest.raises(UserError, match=r"pool/mean\.py: class Settings has no SECTION: write that of the other kinds"):
        axis._settings("pool", "mean")


def test_code_that_is_no_python_is_told_with_its_file(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "mine.py"
    broken.write_text("x = (\n")
    monkeypatch.setattr(fingerprint, "_file", lambda name: broken)
    with pytest.raises(SyntaxError) as error:
        fingerprint._module.__wrapped__("tcclip.models.pool.mine")
    assert error.value.filename == str(broken)
