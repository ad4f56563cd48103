"""What a run depends on: its own kinds and the core; an edit makes stale what uses it, and nothing else."""

import dataclasses
import functools
import re
from pathlib import Path

import pytest
from test_fingerprint import edit, forget, package  # noqa: F401

from tcclip.params.depends import machine_settings
from tcclip.params.kinds.chosen_kinds import chosen
from tcclip.plan import layout, load_plan
from tcclip.plan.changes import changed_plan
from tcclip.stages import evaluate, fingerprint, subjects, train

PLAN = load_plan("mini")
TRAINED = [name for name, run in PLAN.runs.items() if run.trained]


def codes():
    """Of trainings and of evaluations: run -> fingerprint of the code that its result depends on, as it is now."""
    forget()
    stages = ((train, TRAINED), (evaluate, PLAN.runs))
    return [{name: stage.depends_on(PLAN, name).code for name in runs} for stage, runs in stages]


@functools.cache
def unchanged():
    """What `codes` gives where nothing was edited yet."""
    return codes()


def stale_after(change, before=None):
    """The runs whose training and whose evaluations are stale after `change()`, against an earlier state if it says."""
    before = before or unchanged()
    change()
    return tuple({run for run in old if old[run] != new[run]} for old, new in zip(before, codes(), strict=True))


def adding_to(path):
    return lambda: path.write_text(path.read_text() + "\nANOTHER = 1\n")


def runs_with(kind):
    return {name for name, run in PLAN.runs.items() if kind in [k.kind for k in chosen(PLAN.method(run.method))]}


def test_a_training_depends_on_its_lists_its_classes_and_the_frames():
    found = train.depends_on(PLAN, "few_shot-hmdb51-k4-tc_clip-s1024").inputs
    splits, frames = layout.split("mini_hmdb51", "x").parent, layout.frames_index("mini_hmdb51")
    classes = layout.class_file(PLAN.dataset("hmdb51"), "test1")
    assert set(found) == {splits / "few_shot_k4.csv", splits / "test1.csv", classes, frames}


def test_an_evaluation_depends_on_the_weights_and_on_lists_classes_and_frames_of_all_its_splits():
    run = "zero_shot-k400-tc_clip-s1024"
    found = set(evaluate.depends_on(PLAN, run).inputs)
    assert layout.run("mini", run) / "weights.safetensors" in found
    asked = PLAN.evaluations(run)
    assert {"hmdb51", "ucf101", "k600"} <= {one.role for one in asked}
    for one in asked:
        dataset = PLAN.dataset(one.role)
        needed = {layout.class_file(dataset, one.split), layout.frames_index(dataset.name)}
        assert needed | {layout.split(dataset.name, one.split)} <= found


def test_a_new_kind_makes_no_run_stale(package):  # noqa: F811
    folder, _ = package
    kmeans = folder / "models/summarizer/kmeans.py"
    settings = folder / "params/kinds/summarizer/kmeans.py"

    def add():
        kmeans.with_name("medoids.py").write_text(kmeans.read_text() + "\nANOTHER = 1\n")
        settings.with_name("medoids.py").write_text(settings.read_text())

    assert stale_after(add) == (set(), set())


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("training/talk.py", "videos/s", "clips/s"),
        ("training/talk.py", "the same command continues from there", "go on with the same command"),
        ("evaluation/talk.py", "top-1 {result", "top1 {result"),
        ("process/log.py", "file=sys.stderr", "file=sys.stdout"),
        ("process/environment.py", "model name", "name of the model"),
        ("process/git.py", "lets it", "allows it"),
        ("process/gpu.py", "has no free memory", "is full"),
        ("process/cards.py", "is asked for", "is wanted"),
        ("process/progress.py", "{minutes}:{rest:02d}", "{minutes} min"),
    ],
)
def test_a_reworded_line_makes_no_run_stale(package, file, old, new):  # noqa: F811
    folder, _ = package
    assert stale_after(lambda: edit(folder / file, old, new)) == (set(), set())


def test_an_edit_of_k_means_makes_exactly_the_runs_with_k_means_stale(package):  # noqa: F811
    folder, _ = package
    with_kmeans = runs_with("kmeans")
    trained, evaluated = stale_after(adding_to(folder / "models/summarizer/kmeans.py"))
    assert trained == evaluated == with_kmeans
    assert len(with_kmeans) == 12 and len(TRAINED) > 300


def test_an_edit_of_what_a_kinds_settings_compute_makes_its_runs_stale(package):  # noqa: F811
    folder, _ = package
    trained, _ = stale_after(adding_to(folder / "params/kinds/summarizer/dpc_knn.py"))
    assert trained == runs_with("dpc_knn") != set()
    assert stale_after(adding_to(folder / "params/kinds/chosen_kinds.py"), before=codes()) == (set(), set())


@pytest.mark.parametrize("file", ["models/attention.py", "models/transformer.py", "models/vision/tower.py"])
def test_an_edit_of_what_all_methods_use_makes_all_runs_stale(package, file):  # noqa: F811
    folder, _ = package
    assert stale_after(adding_to(folder / file)) == (set(TRAINED), set(PLAN.runs))


def test_an_edit_of_the_loop_makes_trainings_stale_and_no_evaluation(package):  # noqa: F811
    folder, _ = package
    assert stale_after(adding_to(folder / "training/loop.py")) == (set(TRAINED), set())


@pytest.mark.parametrize("file", ["training/objective/soft_ce.py", "data/clips/augmentation/x.py"])
def test_an_edit_of_an_objective_or_an_augmentation_makes_no_evaluation_stale(package, file):  # noqa: F811
    folder, _ = package
    assert stale_after(adding_to(folder / file)) == (runs_with(Path(file).stem) & set(TRAINED), set())


def test_the_code_that_an_evaluation_names_as_its_own_is_that_it_depends_on():
    name = "few_shot-hmdb51-k4-tc_clip-s1024"
    assert subjects.planned(PLAN, name).code == evaluate.depends_on(PLAN, name).code


def test_a_setting_of_k_means_is_one_of_the_runs_with_k_means_alone():
    key = "method.tc.summarizer.iterations"
    for stage, runs in ((train, TRAINED), (evaluate, PLAN.runs)):
        assert {name for name in runs if key in stage.depends_on(PLAN, name).settings} == runs_with("kmeans")


FEW_SHOT, ZERO_SHOT = "few_shot-hmdb51-k4-tc_clip-s1024", "zero_shot-k400-tc_clip-s1024"  # the latter with ensembles


def stale_by(after, run):
    """Whether a run's training and its evaluations depend on a value that is another one in the plan `after`."""
    stages = (train, evaluate) if PLAN.run(run).trained else (evaluate,)
    return [s.depends_on(PLAN, run).settings != s.depends_on(after, run).settings for s in stages]


@pytest.mark.parametrize(
    ("run", "value", "stale"),
    [
        (FEW_SHOT, "protocol.frames=4", [True, True]),
        ("untrained-vanilla_clip", "protocol.frames=4", [True]),
        (FEW_SHOT, "protocol.lr=1e-4", [True, False]),
        (ZERO_SHOT, "protocol.views.temporal=4", [False, True]),
        (ZERO_SHOT, "we.w=0.5", [False, True]),
        (FEW_SHOT, "we.w=0.5", [False, False]),
        (FEW_SHOT, "tc.k=8", [True, True]),
        (FEW_SHOT, "recipe.label_smoothing=0.2", [True, False]),
    ],
)
def test_a_value_makes_stale_the_training_and_the_evaluations_that_depend_on_it(run, value, stale):
    assert stale_by(changed_plan(PLAN, [value]), run) == stale


def test_whether_clips_may_be_mirrored_makes_a_training_stale_and_no_evaluation():
    after = dataclasses.replace(PLAN)
    dataset = after.dataset("hmdb51")
    after.datasets[dataset.name] = dataset.model_copy(update={"flip": not dataset.flip})
    assert stale_by(after, FEW_SHOT) == [True, False]


def test_the_list_of_what_is_no_result_has_exact_names_of_modules_that_are_there():
    assert all(fingerprint._file(name) for name in fingerprint.NOT_RESULTS)
    assert fingerprint._is_no_result("tcclip.plan") and fingerprint._is_no_result("tcclip.plan.cells")
    assert not fingerprint._is_no_result("tcclip.planar") and not fingerprint._is_no_result("tcclip.training.talking")


def test_what_params_a_run_depends_on_is_said_at_one_place():
    """Rules and resume states have no list of their own."""
    code = fingerprint.PACKAGE
    lists = {code / "params" / name for name in ("depends.py", "method.py", "protocol.py")}
    using = {path for path in code.rglob("*.py") if re.search("NOT_TRAINED|NOT_OF_A_TRAINING", path.read_text())}
    assert using == lists
    assert machine_settings(PLAN.suite.machine) == {"threads": 1, "precision": "fp32", "gpu": False}


def test_a_training_depends_on_the_code_of_the_objective_that_it_has():
    own = {"tcclip.training.teacher": "froster", "tcclip.training.bags": "maxi", "tcclip.training.mixing": "tc_clip"}
    runs = {method: f"zero_shot-k400-{method}-s1024" for method in own.values()}
    for module, its in own.items():
        having = {m for m, run in runs.items() if module in fingerprint.modules(*train.depends_on(PLAN, run).modules)}
        assert its in having and len(having) < 3
