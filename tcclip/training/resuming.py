"""What a training goes on from: its state put into model and optimizer, and the micro-batches still to come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from tcclip.errors import UserError
from tcclip.plan.layout import STATE
from tcclip.process import distributed
from tcclip.process.log import log
from tcclip.training import talk
from tcclip.training.batches import remaining
from tcclip.training.setup import Setup
from tcclip.training.state import Progress


def samples_from(setup: Setup, progress: Progress) -> Iterator[list[tuple[int, int]]]:
    """The micro-batches that are still to come to this process."""
    return remaining(
        setup.budget,
        len(setup.clips),
        setup.job.protocol.micro_batch,
        setup.job.seed,
        progress.epoch,
        progress.step,
        distributed.rank(),
        distributed.world_size(),
    )


def weights(setup: Setup) -> dict[str, torch.Tensor]:
    """A copy of the weights on the CPU, by canonical name."""
    return {name: parameter.detach().cpu().clone() for name, parameter in setup.parameters.items()}


def tensors(setup: Setup) -> dict[str, object]:
    """What changes with every optimizer step."""
    return {
        "weights": {name: parameter.detach() for name, parameter in setup.parameters.items()},
        "optimizer": setup.optimizer.state_dict(),
        "scaler": setup.scaler.state_dict(),
    }


def put_in(setup: Setup, content: dict[str, Any]) -> None:
    """Give model and optimizer what `tensors` has kept; a KeyError, TypeError or ValueError if it is of others."""
    kept = {name: tensor.shape for name, tensor in content["weights"].items()}
    if kept != {name: parameter.shape for name, parameter in setup.parameters.items()}:
        raise ValueError("the weights are those of another model")
    with torch.no_grad():
        for name, parameter in setup.parameters.items():
            parameter.copy_(content["weights"][name])
    setup.optimizer.load_state_dict(content["optimizer"])
    setup.scaler.load_state_dict(content["scaler"])


def resume(setup: Setup, found: tuple[Progress, dict[str, Any]] | None) -> Progress:
    """Put a resume state into model and optimizer; without one, start at the beginning. All processes start equal."""
    progress = Progress()
    if found is not None:
        progress, content = found
        try:
            put_in(setup, content)
        except (KeyError, TypeError, ValueError) as error:  # gone on with across code that names its parts otherwise
            path, other = setup.job.folder / STATE, ["a model or an optimizer that today's code does not have"]
            raise UserError(talk.other_state(path, setup.job, progress.epoch, other, only_code=False)) from error
        log(talk.resumed_line(setup.job.name, progress, setup.budget.epochs))
    if not distributed.is_main_process():
        progress.held = {}
    distributed.broadcast(setup.parameters.values())
    return progress
