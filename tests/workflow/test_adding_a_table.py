"""docs/adding_a_table.md, followed to the letter: a table is planned, what is new is trained, its cells are filled."""

import csv

import guides
import pytest
import yaml

GUIDE = "adding_a_table.md"
TABLE = "params/tables/few_tokens.yaml"


@pytest.fixture
def made(project):
    """The guide's file and its commands in a project whose other tables are finished; and what had to be trained."""
    guides.write(GUIDE, project.folder)
    suite = project.folder / "params/suites/mini.yaml"  # with its lists in one line, as committed
    suite.write_text(yaml.safe_dump(yaml.safe_load(suite.read_text()), sort_keys=False, default_flow_style=None))
    (commands,) = guides.blocks(GUIDE, "bash")
    *before, last = commands.splitlines()
    assert last == "snakemake few_tokens"
    planned = project.run("bash", "-ec", "\n".join(before)).stdout
    jobs = project.jobs("few_tokens")
    project.run("bash", "-ec", last)
    return project, planned, jobs


def test_the_table_is_planned_and_only_what_is_new_is_trained(made):
    project, planned, jobs = made
    runs = [line.split()[0] for line in planned.splitlines() if line.startswith("few_shot-")]
    assert len(runs) == 6
    assert jobs["train"] == 2
    with open(project.folder / "reports/mini/tables/few_tokens.csv", newline="") as file:
        cells = list(csv.DictReader(file))
    table = yaml.safe_load((project.folder / TABLE).read_text())
    assert {(cell["row"], cell["column"]) for cell in cells} == {
        (row["row"], column["name"]) for row in table["rows"] for column in table["columns"]
    }
    assert all(cell["value"] and cell["source"] == "measured" for cell in cells)
    explained = project.run("tcclip", "explain", "few_tokens", "TC-CLIP, k 12", "ucf101").stdout
    assert "few_shot-ucf101-k2-tc_clip-k12-s1024" in explained
