"""A run of the plan, or the whole plan, with values given on the command line (`--set tc.k=32`)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from tcclip.errors import UserError, unknown
from tcclip.params import Method, Protocol
from tcclip.params.depends import training_settings
from tcclip.params.unread_keys import refuse_unread
from tcclip.params.yaml_text import value_of
from tcclip.plan.other_seeds import with_run
from tcclip.plan.plan import Plan
from tcclip.plan.runs import Changed
from tcclip.plan.values import Changes, method_of, protocol_of

RUN_KEYS = ("seed", *Protocol.model_fields)  # of a protocol, as a run has it
OF_PROTOCOL = "protocol."  # begins a key of the protocol; every other key is the method's
# They say which runs there are and on what data.
FIXED_OF_METHOD = ("name", "display", "description", "train", "init", "protocols", "names.source", "names.otherwise")
FIXED_OF_PROTOCOL = ("name", "description", "train_split", "shots", "folds", "seeds", "only_from_clip")
NUMBER = re.compile(r"[+-]?\d+[eE][+-]?\d+")  # YAML reads 1e-4, without a point, as a word
SAFE = re.compile(r"[^A-Za-z0-9._+=,-]")  # what a folder's name shall not have
LONGEST = 200  # characters of a folder's name; file systems take 255


def parse(texts: Sequence[str]) -> Changes:
    """KEY=VALUE -> changes; a value is YAML, a key one of a method's file or, after `protocol.`, of a protocol's."""
    method: dict[str, Any] = {}
    protocol: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", key):
            raise UserError(f"--set must be KEY=VALUE, for example tc.k=32 or protocol.lr=1e-4 (got '{text}')")
        of_protocol = key.startswith(OF_PROTOCOL)
        name = key.removeprefix(OF_PROTOCOL)
        _check_key(key, name, of_protocol)
        given = protocol if of_protocol else method
        if name in given:
            raise UserError(f"--set {text}: '{key}' has a value already: give it once")
        if around := [other for other in given if f"{other}.".startswith(f"{name}.") or name.startswith(f"{other}.")]:
            raise UserError(
                f"--set {text}: '{key}' and '{around[0]}' are one inside the other, so that it would count which comes "
                "first: give one of them"
            )
        given[name] = _value(text, value)
    return Changes(method, protocol)


def changed_run(plan: Plan, name: str, texts: Sequence[str]) -> tuple[Plan, str]:
    """The plan of one run with other values, and the name that it has then; without `texts` its plan and name.

    The run may be of another seed than the plan's (`with_run`).
    It is evaluated on what the run is evaluated on, and no table shows it. Where no training depends on the values, its
    weights are the run's.

    Raises:
        UserError: an unknown run or key, a value that is not allowed, or keys that do not go together.
    """
    plan = with_run(plan, name)
    if not texts:
        return plan, name
    run = plan.run(name)
    changes, before = parse(texts), plan.method(run.method)
    if without := changes.method.keys() - changes.of(before).keys():
        raise UserError(f"--set {min(without)}: method {before.name} has no such section")
    method = method_of(plan.suite, run.method, changes.method)
    refuse_unread(method, changes.method, "--set")
    dataset = plan.dataset(run.role) if run.role else None
    protocol = protocol_of(plan.suite, run.protocol, method, dataset, changes.protocol, run.role, run.shots)
    sizes = plan.suite.backbone.architecture
    method.check_sizes(sizes.patches, protocol.frames, sizes.vision_layers)
    values = _texts(changes)
    seed = protocol.seed if "seed" in changes.protocol else run.seed
    protocol = protocol if seed is None else protocol.of_seed(seed)
    trained = _settings(method, protocol, seed) != _settings(before, plan.protocol_for(run), run.seed)
    made = replace(
        run,
        name=_name(name, values),
        seed=seed if run.trained else None,
        changed=Changed(name, values, trained and run.trained),
    )
    asked = tuple(replace(e, run=made.name) for e in plan.evaluations(name) if not e.last)
    return Plan(plan.suite, {}, {}, {made.name: made}, changes, asked), made.name


def changed_plan(plan: Plan, texts: Sequence[str]) -> Plan:
    """The plan as if the values stood in params/: for every run whose method has them, under the same names.

    Raises:
        UserError: as `changed_run`, or no method of the suite has a key.
    """
    if not texts:
        return plan
    changes = parse(texts)
    methods = [plan.method(name) for name in plan.methods]
    for key, value in changes.method.items():
        if not any(Changes({key: value}).of(method) for method in methods):
            raise UserError(f"--set {key}: no method of suite {plan.suite.name} has such a section")
    return replace(plan, changes=changes)


def _check_key(key: str, name: str, of_protocol: bool) -> None:
    """Refuse a key that no method or protocol has at the top, and one that is not of a single run."""
    if name in (FIXED_OF_PROTOCOL if of_protocol else FIXED_OF_METHOD):
        raise UserError(f"--set {key}: it says which runs there are, or what they are called: change it in params/")
    if of_protocol:
        if name.partition(".")[0] not in RUN_KEYS:
            raise unknown("key of --set", key, [f"{OF_PROTOCOL}{known}" for known in RUN_KEYS])
    elif name.partition(".")[0] not in Method.model_fields:
        if name.partition(".")[0] in RUN_KEYS:
            raise UserError(f"--set {key}: it is a key of the protocol: write {OF_PROTOCOL}{key}")
        raise unknown("key of --set", key, Method.model_fields)


def _settings(method: Method, protocol: Protocol, seed: int | None) -> dict[str, Any]:
    """What the weights of a run depend on, as far as it can be changed."""
    return training_settings(method, protocol, {}, seed or 0, flip=False)


def _value(text: str, value: str) -> Any:
    try:
        parsed = value_of(value, f"--set {text}")
    except yaml.YAMLError as error:
        raise UserError(f"--set {text}: the value is not valid YAML: {' '.join(str(error).split())}") from error
    return float(parsed) if isinstance(parsed, str) and NUMBER.fullmatch(parsed) else parsed


def _texts(changes: Changes) -> dict[str, str]:
    """Key on the command line -> value, in the order of the keys, so that one change has one name."""
    values = {**changes.method, **{f"{OF_PROTOCOL}{key}": value for key, value in changes.protocol.items()}}
    return {key: _text(values[key]) for key in sorted(values)}


def _text(value: Any) -> str:
    """A value as `_value` reads it back."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _name(run: str, values: Mapping[str, str]) -> str:
    """The run's name with what is changed; what no folder should be called is replaced, and a hash tells it apart."""
    exact = "+".join([run, *(f"{key}={value}" for key, value in values.items())])
    safe = SAFE.sub("_", exact)
    if safe == exact and len(safe) <= LONGEST:
        return safe
    return f"{safe[: LONGEST - 9]}-{hashlib.sha256(exact.encode()).hexdigest()[:8]}"
