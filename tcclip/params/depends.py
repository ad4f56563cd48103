"""Which params a result depends on, as flat `key: value` mappings: what is in them makes it stale, and nothing else.

Of a method these are the settings of the kinds that it names: a key of K-means belongs to the runs with K-means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tcclip.params.method import NOT_TRAINED, Method
from tcclip.params.protocol import NOT_OF_A_TRAINING, Protocol, Views
from tcclip.params.reader import flat
from tcclip.params.suite import Machine

NOT_EVALUATED = {"name", "display", "description", "recipe", "init", "protocols"}  # keys of a method


def training_settings(
    method: Method, protocol: Protocol, machine: Mapping[str, Any], seed: int, flip: bool
) -> dict[str, Any]:
    """Every value that a run's training depends on; `machine` is what `machine_settings` gives."""
    unused = NOT_TRAINED if protocol.validates else {**NOT_TRAINED, "views": True}
    return flat(
        {
            "method": method.model_dump(mode="json", exclude=unused),
            "protocol": protocol.model_dump(mode="json", exclude=_unsaid(protocol)),
            **({"validation_views": protocol.validation_views.model_dump()} if protocol.validates else {}),
            "machine": dict(machine),
            "seed": seed,
            "flip": flip,
        }
    )


def _unsaid(protocol: Protocol) -> set[str]:
    """Keys of a protocol that no training depends on, and one that most do not have."""
    return NOT_OF_A_TRAINING | (set() if protocol.pseudo_labels else {"pseudo_labels"})


def evaluation_settings(
    method: Method, protocol: Protocol, machine: Mapping[str, Any], views: Mapping[str, Views], we: bool
) -> dict[str, Any]:
    """Every value that the evaluations of a run depend on besides its weights.

    Args:
        views: those of every evaluation by its name.
        we: does one of them mix the weights with CLIP's?
    """
    unused = NOT_EVALUATED | (set() if we else {"we"})
    return flat(
        {
            "method": method.model_dump(mode="json", exclude=unused),
            "views": {name: of_one.model_dump() for name, of_one in views.items()},
            "frames": protocol.frames,
            "seed": protocol.seed,
            "machine": dict(machine),
        }
    )


def machine_settings(used: Machine, tested: Method | None = None) -> dict[str, Any]:
    """How the machine is used, as far as a result depends on it.

    More GPUs only round the same sums differently. Where a score depends on what else is scored at once, what a test
    or a validation of the method `tested` gives depends on the size of its batches and on the processes that share its
    videos.
    """
    gpu = used.gpus if used.gpus == "auto" else used.gpus > 0
    settings: dict[str, Any] = {"threads": used.threads, "precision": used.precision, "gpu": gpu}
    if tested is not None and tested.score.of_batch:
        settings |= {"eval_batch": used.eval_batch, "processes": used.processes}
    return settings
