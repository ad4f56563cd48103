"""A released checkpoint becomes a run's folder, which `tcclip evaluate` evaluates like any other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
import yaml

from tcclip.backbone.importing.released import canonical, guess_method
from tcclip.backbone.importing.torch_file import Stored, TorchFile
from tcclip.errors import UserError
from tcclip.models import BackboneConfig, skeleton
from tcclip.models.canonical import END, START
from tcclip.models.weights_file import write_weights
from tcclip.params import Method, Protocol, load_method
from tcclip.params.reader import read_yaml
from tcclip.plan import Plan, layout
from tcclip.process.environment import environment, git_state
from tcclip.process.files import sha256, write_json, write_text


def import_checkpoint(
    plan: Plan, path: Path, *, method: str | None, protocol: str, trained_on: str, name: str | None
) -> str:
    """Write the run's folder of checkpoint `path`; returns a line with the command that evaluates it.

    Args:
        method: a method's name; None takes it from the names in the file.
        protocol: gives frames, views and seed of evaluations.
        trained_on: the paper's dataset that the checkpoint was trained on, for the record.
        name: the run's; None makes one from the file's.

    Raises:
        UserError: the file cannot be read or is not a model of the method, or another run has the name.
    """
    file = TorchFile(path)
    stored = model_of(file)
    settings = load_method(method or guess_method(stored))
    rules = plan.protocol(protocol, settings)
    plan.dataset(trained_on)
    run = name or f"imported-{re.sub(r'[^A-Za-z0-9._-]+', '_', path.stem)}"
    source = source_of(file)
    folder = free_folder(plan, run, source)
    expected = parameter_shapes(settings, plan.suite.backbone.architecture, rules.frames)
    tensors = canonical(
        {key: tensor.shape for key, tensor in stored.items()},
        expected,
        lambda key: file.tensor(stored[key]),
        f"{path} as {settings.name} of suite {plan.suite.name}",
    )
    written = write_weights(tensors, folder / "weights.safetensors")
    record = {"suite": plan.suite.name, "protocol": protocol, "dataset": trained_on, "method_name": settings.name}
    text = yaml.safe_dump(params(run, record, source, settings, rules), sort_keys=False, allow_unicode=True)
    write_text(folder / "params.yaml", text)
    write_json(folder / "environment.json", environment(torch.device("cpu"), git_state()))
    report = {"imported": source, "weights": {"weights.safetensors": written}}
    write_json(folder / "training.json", report)  # in the place of what a training would report
    command = f"tcclip evaluate {run} --suite {plan.suite.name} {first_test(plan, protocol, trained_on)}"
    return f"{len(tensors)} tensors of {settings.name} in {folder}; evaluate it with `{command}`"


def model_of(file: TorchFile) -> dict[str, Stored]:
    """The tensors of the checkpoint's model."""
    model = file.content.get("model") if isinstance(file.content, dict) else None
    if not isinstance(model, dict) or not model:
        raise UserError(f"{file.path} has no 'model': a released checkpoint is a mapping with that key")
    odd = [key for key, value in model.items() if not (isinstance(key, str) and isinstance(value, Stored))]
    if odd:
        raise UserError(f"{file.path}: '{odd[0]}' of its model is not a tensor")
    return model


def source_of(file: TorchFile) -> dict[str, Any]:
    """Where a run was imported from; epoch and accuracy (percent) are what the file says, not checked."""

    def number(key: str) -> int | float | None:
        value = file.content.get(key)
        if isinstance(value, Stored) and not value.shape:
            value = file.tensor(value).item()
        return value if isinstance(value, int | float) else None

    accuracy, epoch = number("max_accuracy"), number("epoch")
    return {"file": file.path.name, "sha256": sha256(file.path), "epoch": epoch, "max_accuracy": accuracy}


def free_folder(plan: Plan, run: str, source: dict[str, Any]) -> Path:
    """The folder for a run that is imported; importing the same file again is fine."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", run):
        raise UserError(f"'{run}' cannot be a run's name: letters, digits, '.', '_' and '-' are allowed (--name)")
    if run in plan.runs:
        raise UserError(f"'{run}' is a run that the suite's tables train themselves: choose another --name")
    folder = layout.run(plan.suite.name, run)
    if (folder / "params.yaml").is_file():
        there = read_yaml(folder / "params.yaml").get("imported") or {}
        if there.get("sha256") != source["sha256"]:
            raise UserError(f"{folder} already holds another run: choose another --name, or delete the folder")
    return folder


def parameter_shapes(method: Method, config: BackboneConfig, frames: int) -> dict[str, tuple[int, ...]]:
    """Canonical name -> shape of everything that a run of `method` saves."""
    any_text = torch.tensor([[START, *range(1, method.text.context_length - method.text.beside - 1), END]])
    return {name: tuple(p.shape) for name, p in skeleton(method, config, any_text, frames).named_parameters()}


def params(run: str, record: dict[str, Any], source: dict[str, Any], method: Method, rules: Protocol) -> dict[str, Any]:
    """The content of params.yaml: the method's model and how it is evaluated; the recipe is ours, not the file's."""
    return {
        "run": run,
        **record,
        "imported": source,
        "seed": rules.seed,
        "method": method.model_dump(mode="json"),
        "protocol": rules.model_dump(mode="json"),
    }


def first_test(plan: Plan, protocol: str, trained_on: str) -> str:
    """A dataset and split to begin with: the first that tables test such a run on, else its validation split."""
    for evaluation in (e for cells in plan.cells.values() for cell in cells for e in cell.evaluations):
        run = plan.run(evaluation.run)
        if (run.protocol, run.role) == (protocol, trained_on):
            return f"--dataset {evaluation.role} --split {evaluation.split}"
    return f"--dataset {trained_on} --split {plan.protocol(protocol).validation.split}"
