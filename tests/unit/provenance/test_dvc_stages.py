"""DVC's stages follow the datasets of the suite in use."""

import shutil
from pathlib import Path

import pytest
import yaml

from tcclip.params import load_suite
from tcclip.params.reader import params_folder
from tcclip.plan import layout, load_plan, plan_of
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


@pytest.fixture
def kitchen(tmp_path, monkeypatch):
    """A plan with a dataset of one's own, whose list and names lie anywhere."""
    shutil.copytree(params_folder(), tmp_path / "params")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my videos").mkdir()
    (tmp_path / "my videos/a: list.csv").write_text("path,label\na,1\nb,1\nc,2\nd,2\n")
    (tmp_path / "names.csv").write_text("label,name\n1,opening a drawer\n2,pouring water\n")
    (tmp_path / "params/datasets/kitchen.yaml").write_text(
        "description: Hands\nformat: csv\nfolder: my videos\ncsv: 'my videos/a: list.csv'\n"
        f"names: {tmp_path}/names.csv\nsuite: mini\n"
    )
    return plan_of(load_suite("mini"))


def test_what_a_person_writes_about_a_dataset_of_their_own_is_followed(kitchen, tmp_path):
    layout.given_texts("kitchen").mkdir(parents=True)
    stages = yaml.safe_load(stages_of(kitchen))["stages"]
    written = {"my videos/a: list.csv", f"{tmp_path}/names.csv", "data/texts/kitchen"}
    assert set(stages["splits"]["deps"]) == written | set(stages["data"]["deps"])
    assert "data/splits/kitchen" in outs(stages["splits"]) and "data/splits/kitchen" in stages["results"]["deps"]
