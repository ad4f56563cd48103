"""DVC's stages follow the datasets of the suite in use."""

from pathlib import Path

import yaml

from tcclip.plan import layout, load_plan
from tcclip.provenance.dvc_stages import stages_of, write_stages

ROOT = Path(__file__).parents[3]


def outs(stage):
    return [path for entry in stage["outs"] for path in entry]


def test_the_file_of_the_checkout_is_that_of_the_mini_suite():
    assert (ROOT / "dvc.yaml").read_text() == stages_of(load_plan("mini")), "tcclip dvc-stages writes it"


def test_another_suite_has_the_folders_of_its_datasets_and_commands_that_name_it(tmp_path):
    plan = load_plan("paper")
    said = write_stages(plan, tmp_path / "dvc.yaml")
    assert said.endswith("the stages of suite paper, with 5 datasets")
    written = yaml.safe_load((tmp_path / "dvc.yaml").read_text())
    stages = written["stages"]
    for name, folder in (("data", layout.raw), ("splits", layout.splits), ("frames", layout.frames)):
        assert sorted(outs(stages[name])) == sorted(str(folder(dataset)) for dataset in plan.datasets)
    assert outs(stages["results"]) == ["runs/paper", "reports/paper"]
    for stage in stages.values():
        snakemake, record = stage["cmd"]
        assert snakemake.endswith(" --config suite=paper")
        assert record == "tcclip record-jobs --suite paper"
    made = {path for stage in stages.values() for path in outs(stage)} - {"runs/paper", "reports/paper"}
    assert made <= set(stages["results"]["deps"])
    assert "mini" not in (tmp_path / "dvc.yaml").read_text()
