"""Seeds that are typed for a workflow reach the jobs that must know which there are, and make no other job another."""

import re
from pathlib import Path

import pytest

from tcclip.workflow.snakefile import plan_or_exit, typed_seeds

RULES = Path(__file__).parents[3] / "workflow" / "rules"
OF_THE_WHOLE = {"table", "figure", "verdicts", "report", "mlflow"}  # commands that show several runs together


def test_the_plan_of_a_workflow_has_the_seeds_of_its_config():
    plan = plan_or_exit({"suite": "mini", "seeds": "table3/tc_clip:1024,7"}, restored=False)
    assert {run.seed for run in plan.runs.values()} == {None, 1024, 7}
    assert typed_seeds(plan.seeds) == "--seeds table3/tc_clip:1024,7"
    assert typed_seeds(plan_or_exit({}, restored=False).seeds) == ""


def test_seed_0_is_a_seed():
    plan = plan_or_exit({"seeds": 0}, restored=False)
    assert {run.seed for run in plan.runs.values()} == {None, 0}
    assert typed_seeds(plan.seeds) == "--seeds 0"
    assert plan_or_exit({"seeds": None}, restored=False).seeds == ""


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"seeds": "one"}, "Error: seeds must be numbers, or methods and numbers"),
        ({"seed": 7}, "Error: unknown config key 'seed': did you mean 'seeds'?"),
    ],
)
def test_a_mistake_ends_it_with_one_sentence(config, sentence):
    with pytest.raises(SystemExit, match=re.escape(sentence)):
        plan_or_exit(config, restored=False)


def test_jobs_of_single_runs_have_the_command_they_had_and_the_others_are_told():
    """A changed command would make all runs again; their names say their seeds."""
    rules = "".join(file.read_text() for file in RULES.glob("*.smk"))
    commands = set(re.findall(r'"(?:exec )?(?:\{params\.in_time\} )?tcclip ([\w-]+) [^"]*"', rules))
    told = set(re.findall(r'"tcclip ([\w-]+) [^"]*\{params\.seeds\}[^"]*"', rules))
    assert told >= OF_THE_WHOLE and {"train", "evaluate"} <= commands - told
