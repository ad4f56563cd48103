"""The stages of the pipeline: what each one reads, writes, and depends on besides its inputs.

The Snakefile declares these; the command line runs them. A stage's settings are flat `key: value` mappings of exactly
the params that its result depends on, so that a changed value makes stale what it must and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tcclip.params.dataset import Dataset, own_list
from tcclip.params.method import NOT_TRAINED, Method
from tcclip.params.protocol import NOT_OF_A_TRAINING
from tcclip.plan import Plan, Run, layout

TRAINING_FILES = ("weights.safetensors", "history.csv", "training.json", "params.yaml", "environment.json")
TABLE_FORMATS = ("csv", "md", "tex")

GENERATOR = "tcclip.mini.writer"  # of the mini suite's videos
CODE = {  # the module whose code a stage's result depends on
    "raw": "tcclip.data.raw",
    "splits": "tcclip.data.splits.write",
    "llm_names": "tcclip.data.splits.llm_names",
    "frames": "tcclip.data.videos.shards",
    "backbone": "tcclip.backbone.from_open_clip",
    "pretraining": "tcclip.backbone.pretraining",
    "tokens": "tcclip.backbone.tokens",
    "train": "tcclip.training",
    "evaluate": "tcclip.evaluation",
    "table": "tcclip.reporting.tables",
    "mlflow": "tcclip.tracking",
    "report": "tcclip.reporting",
}


def raw_inputs(dataset: Dataset) -> list[Path]:
    """A real dataset comes from its archives; of one with videos in a `folder` it is the lists that do."""
    return [layout.unpacked(dataset.name)] if dataset.sources else []


def raw_settings(dataset: Dataset) -> dict[str, Any]:
    """A generated dataset depends on its recipe; a real one on the folder that the user names, if any."""
    recipe = {"format": dataset.format, "generate": dataset.generate.model_dump() if dataset.generate else {}}
    return flat(recipe | ({"folder": dataset.folder} if dataset.folder else {}))


def split_settings(dataset: Dataset) -> dict[str, Any]:
    """Split tables depend on the lists that are read and on the samplers' seeds."""
    lists = {"format", "splits", "class_lists", "few_shot", "base_novel", "lists", "zero_shot_from"}
    if dataset.format == "csv":
        lists |= {"csv", "test_share", "split_seed"}
    if dataset.lists == "published":
        lists = {"format", "class_lists", "published"}
    return flat(dataset.model_dump(include=lists))


def split_inputs(dataset: Dataset) -> list[Path]:
    """The manifest, and one's own list; where that is not there it is stage `raw` that says so."""
    own = own_list(dataset)
    return [layout.manifest(dataset.name), *([own] if own and own.is_file() else [])]


def split_files(dataset: Dataset) -> list[Path]:
    """Every split table and class list of a dataset."""
    tables = [layout.split(dataset.name, split) for split in dataset.all_splits]
    return tables + [layout.classes(dataset.name, name) for name in dataset.all_class_lists]


def llm_name_files(dataset: Dataset) -> list[Path]:
    """The class lists with rephrased names."""
    return [layout.classes(dataset.name, f"{name}-llm") for name in dataset.llm_names]


def frame_settings(dataset: Dataset) -> dict[str, Any]:
    """Frames depend on size and coding."""
    return flat(dataset.frames.model_dump(exclude={"jpeg_quality"} if dataset.frames.store == "online" else set()))


def shard_files(dataset: Dataset) -> list[Path]:
    """The files of all shards of a dataset; without JPEGs where frames are decoded online."""
    first = 1 if dataset.frames.store == "online" else 0
    return [path for number in range(dataset.frames.shards) for path in layout.shard(dataset.name, number)[first:]]


def backbone_settings(plan: Plan) -> dict[str, Any]:
    """Weights depend on the architecture and on where they come from."""
    return flat(plan.suite.backbone.model_dump())


def text_settings(plan: Plan) -> dict[str, Any]:
    """Token ids depend on how the suite's methods write and wrap names."""
    methods = {name: plan.method(name) for name in plan.methods}
    return flat({name: {"names": m.names.model_dump(), "text": m.text.model_dump()} for name, m in methods.items()})


def class_file(method: Method, dataset: Dataset, split: str) -> Path:
    """The class names of a split as a method reads them."""
    names = dataset.class_list(split) + ("-llm" if method.names.source == "llm" else "")
    return layout.classes(dataset.name, names)


def class_files(plan: Plan) -> list[Path]:
    """Every class list of the suite."""
    plain = [
        layout.classes(name, names) for name, dataset in plan.datasets.items() for names in dataset.all_class_lists
    ]
    rephrased = [path for dataset in plan.datasets.values() for path in llm_name_files(dataset)]
    return plain + (rephrased if plan.suite.llm_names else [])


def training_settings(plan: Plan, run: Run) -> dict[str, Any]:
    """Every value a training's result depends on."""
    protocol = plan.training_protocol(run).model_dump(exclude=NOT_OF_A_TRAINING)
    method = plan.method(run.method).model_dump(exclude=NOT_TRAINED)
    machine = _machine(plan)
    assert run.role is not None
    flip = plan.dataset(run.role).flip
    return flat({"method": method, "protocol": protocol, "machine": machine, "seed": run.seed, "flip": flip})


def training_inputs(plan: Plan, run: Run) -> list[Path]:
    """Train and validation split, their class list, the frames, and the weights of the run it starts from."""
    assert run.role is not None
    dataset = plan.dataset(run.role)
    protocol = plan.training_protocol(run)
    split = plan.train_split(run)
    return [
        layout.split(dataset.name, split),
        layout.split(dataset.name, protocol.validation.split),
        class_file(plan.method(run.method), dataset, split),
        layout.frames_index(dataset.name),
        *([layout.run(plan.suite.name, run.init.name) / "weights.safetensors"] if run.init else []),
    ]


def evaluation_settings(plan: Plan, run: Run) -> dict[str, Any]:
    """What a run's evaluations depend on besides its weights."""
    evaluations = plan.evaluations(run.name)
    unused = {"name", "display", "description", "recipe", "init", "micro_batch"}
    unused |= set() if any(e.we for e in evaluations) else {"we"}
    method = plan.method(run.method).model_dump(exclude=unused)
    protocol = plan.protocol(run.protocol)
    return flat(
        {
            "method": method,
            "views": {e.name: e.views.model_dump() for e in evaluations},
            "frames": protocol.frames,
            "seed": protocol.seed,
            "machine": _machine(plan),
        }
    )


def evaluation_inputs(plan: Plan, run: Run) -> list[Path]:
    """The evaluated splits, their class lists and frames, and the run's weights."""
    paths: set[Path] = set()
    for evaluation in plan.evaluations(run.name):
        dataset = plan.dataset(evaluation.role)
        paths.add(layout.split(dataset.name, evaluation.split))
        paths.add(class_file(plan.method(run.method), dataset, evaluation.split))
        paths.add(layout.frames_index(dataset.name))
    if run.trained:
        paths |= {layout.run(plan.suite.name, run.name) / name for name in TRAINING_FILES}
    return sorted(paths)


def metrics_file(plan: Plan, run: str) -> Path:
    """A run's final numbers."""
    return layout.run(plan.suite.name, run) / "metrics.json"


def result_files(plan: Plan, runs: Iterable[str]) -> list[Path]:
    """Everything that belongs to finished runs."""
    files: list[Path] = []
    for name in sorted(runs):
        folder = layout.run(plan.suite.name, name)
        files += [folder / "metrics.json", folder / "predictions"]
        files += [folder / file for file in TRAINING_FILES] if plan.run(name).trained else []
    return files


def table_settings(plan: Plan, table: str) -> dict[str, Any]:
    """A table depends on its layout and on whether published numbers are quoted."""
    layout_of_it = plan.tables[table].model_dump_json(exclude_defaults=True)
    return {"table": layout_of_it, "quote_published": plan.suite.quote_published}


def table_inputs(plan: Plan, table: str) -> list[Path]:
    """The metrics of a table's runs, and what `tcclip bench` has found if it shows costs."""
    files = [metrics_file(plan, run) for run in plan.runs_of(table)]
    shows = any(cell.cost for cell in plan.cells[table])
    return [*files, layout.throughput(plan.suite.name)] if shows else files


def bench_options(plan: Plan) -> str:
    """The command-line options of the measurement behind a suite's tables."""
    bench, machine = plan.suite.bench, plan.suite.machine
    methods = " ".join(f"--method {name}" for name in plan.benched)
    sizes = f"--mode eval --classes {bench.classes} --batch {bench.batch} --repeat {bench.repeat} --no-memory"
    return f"{methods} {sizes} --dtype {machine.precision} --threads {machine.threads}"


def threads(plan: Plan) -> int:
    """Threads of a training or evaluation, with a process for each GPU."""
    return plan.suite.machine.threads * max(1, plan.suite.machine.gpus)


def _machine(plan: Plan) -> dict[str, Any]:
    """How the machine is used, as far as a result depends on it; more GPUs only round the same sums differently."""
    machine = plan.suite.machine
    return machine.model_dump(include={"threads", "precision"}) | {"gpu": machine.gpus > 0}


def flat(nested: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"tc": {"k": 96}} -> {"tc.k": 96}."""
    items: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, dict) and value:
            items |= flat(value, f"{prefix}{key}.")
        else:
            items[f"{prefix}{key}"] = value
    return items
