"""What the settings of a training and of an evaluation hold, and what they leave out."""

import dataclasses

from tcclip.plan import load_plan
from tcclip.stages import evaluate, train

TC = "few_shot-hmdb51-k4-tc_clip-s1024"


def test_a_runs_settings_hold_what_its_weights_depend_on_and_nothing_else():
    plan = load_plan("mini")
    settings = train.depends_on(plan, TC).settings
    assert settings["method.tc.k"] == 24
    assert settings["protocol.epochs"] == plan.protocol("few_shot").epochs
    without = {
        "method.display",
        "method.description",
        "method.we.w",
        "protocol.views.temporal",
        "machine.loader_workers",
    }
    assert not without & settings.keys()


def test_a_gpu_instead_of_the_cpu_changes_a_result_and_more_of_them_do_not():
    plan = load_plan("paper")
    run = next(run for run in plan.runs.values() if run.trained)

    def settings(gpus: int) -> dict[str, object]:
        machine = plan.suite.machine.model_copy(update={"gpus": gpus})
        changed = dataclasses.replace(plan, suite=plan.suite.model_copy(update={"machine": machine}))
        return train.depends_on(changed, run.name).settings

    assert settings(0) != settings(1) == settings(4)


def test_the_ensemble_weight_belongs_to_the_evaluation():
    plan = load_plan("mini")
    assert evaluate.depends_on(plan, "zero_shot-k400-tc_clip-s1024").settings["method.we.w"] == 0.7
    assert "method.we.w" not in evaluate.depends_on(plan, TC).settings  # few-shot has no ensemble
