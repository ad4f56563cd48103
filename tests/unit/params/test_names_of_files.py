"""A file's name in params/ stands in commands and in the names of files."""

import re
import shutil

import pytest

from tcclip.errors import UserError
from tcclip.params import load_method, load_suite
from tcclip.params.reader import params_folder
from tcclip.plan import plan_of


def planned(suite):
    return plan_of(load_suite(suite)).suite


@pytest.mark.parametrize("kind, of_ours, used", [("suites", "mini", planned), ("methods", "tc_clip", load_method)])
def test_a_file_whose_name_a_command_would_take_apart_is_used_for_nothing(tmp_path, monkeypatch, kind, of_ours, used):
    """`tcclip backbone --suite my suite` failed in a job, with the command line's help."""
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    for name in ("my suite", "a;b", "tc_clip (copy)"):
        shutil.copy(tmp_path / f"params/{kind}/{of_ours}.yaml", tmp_path / f"params/{kind}/{name}.yaml")
        with pytest.raises(UserError, match=re.escape(f"{name}.yaml: '{name}' cannot be a name: letters, digits, ")):
            used(name)
    assert used(of_ours).name == of_ours  # copies that nobody uses are no hindrance
