"""What `tcclip explain` says of a cell whose runs are not made yet: how to make them, and nothing of a run that was."""

from tcclip.plan import load_plan
from tcclip.provenance.explain import explain

RUN = "few_shot-hmdb51-k2-tc_clip-s1024"


def test_a_run_that_is_not_made_yet_is_told_with_the_commands_that_make_it(tmp_path, monkeypatch):
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    said = explain(plan, "table3", "TC-CLIP", "hmdb51_k2")
    assert f"  run          not made yet: tcclip train {RUN} && tcclip evaluate {RUN}\n" in said
    assert not [words for words in ("nothing was trained", "git checkout", "MLflow", "machine") if words in said]


def test_an_untrained_method_that_is_not_tested_yet_is_told_with_the_command_that_tests_it(tmp_path, monkeypatch):
    plan = load_plan("mini")
    monkeypatch.chdir(tmp_path)
    said = explain(plan, "table3", "Vanilla CLIP", "hmdb51_k2")
    assert "  run          not made yet: tcclip evaluate untrained-vanilla_clip\n" in said
