"""One optimizer step: the gradients of its micro-batches, in all processes, and the update of the weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from tcclip.errors import UserError
from tcclip.process import distributed
from tcclip.training.batches import Batch, micro_batches, share_of
from tcclip.training.objective.objective import LooksAhead, Moment, losses_of
from tcclip.training.optimizer import limit_gradients, set_rates
from tcclip.training.setup import Setup
from tcclip.training.state import Progress, Sums


def optimizer_step(setup: Setup, progress: Progress, batches: Iterator[Batch], stop: Callable[[], None]) -> None:
    """Accumulate the gradients of a step's micro-batches and update the weights.

    `stop` is asked before every turn of micro-batches; what it raises leaves the weights and `progress` as they were.
    """
    protocol, length, sums = setup.job.protocol, setup.budget, progress.sums
    sums.rate = set_rates(
        setup.optimizer,
        protocol.lr,
        lambda base: setup.schedule(length, progress.epoch, progress.step, base, protocol.lr_min),
    )
    if not setup.model.training:  # a walk through all modules
        setup.model.train()
    started = time.monotonic()
    moments = [Moment(setup.job.seed, progress.epoch, iteration) for iteration in length.iterations_of(progress.step)]
    losses, hits = of_all_processes(*accumulate(setup, moments, lambda: waited(batches, sums), stop), len(moments))
    for moment, loss in zip(moments, losses, strict=True):
        if not np.isfinite(loss):
            raise not_finite(setup, moment, loss)
    limit_gradients(setup.optimizer, setup.scaler, setup.job.method.recipe.optimizer.clip_norm)
    setup.scaler.step(setup.optimizer)
    setup.scaler.update()
    setup.optimizer.zero_grad(set_to_none=True)
    sums.loss += sum(losses)
    sums.correct += hits
    sums.videos += protocol.total_batch
    sums.seconds += time.monotonic() - started
    progress.step += 1


def accumulate(
    setup: Setup, moments: Sequence[Moment], next_batch: Callable[[], Batch], stop: Callable[[], None]
) -> tuple[list[Tensor], list[Tensor]]:
    """Add up the gradients of a step, over all processes; this process's losses by micro-batch, and hits by part."""
    objective, world = setup.objective, distributed.world_size()
    own = share_of(moments, distributed.rank(), world)
    shared, ahead = objective.begin(moments[0]), []
    if isinstance(objective, LooksAhead):
        stop()
        ahead = [next_batch() for _ in own]
        shared = objective.look_ahead(shared, list(zip(ahead, own, strict=True)))
    losses, hits = [], []
    for turn in range(len(share_of(moments, 0, world))):
        stop()
        if turn == len(own):  # others have one more
            continue
        batch = ahead[turn] if ahead else next_batch()
        parts = []
        for loss, hits_of_part in losses_of(objective, shared, batch, own[turn]):
            setup.scaler.scale(loss / len(moments)).backward()  # type: ignore[no-untyped-call]
            parts.append(loss.detach())
            hits.append(hits_of_part)
        losses.append(sum(parts[1:], parts[0]))
    objective.end(shared)
    if moments[0].epoch == moments[0].iteration == 0:
        refuse_untouched(setup)
    distributed.all_reduce_gradients(p.grad for p in setup.parameters.values() if p.grad is not None)
    return losses, hits


def of_all_processes(losses: Sequence[Tensor], hits: Sequence[Tensor], count: int) -> tuple[list[float], int]:
    """The losses of all `count` micro-batches of a step, and the sum of all hits."""
    report = torch.zeros(count + 1, dtype=torch.float64)
    report[distributed.rank() : -1 : distributed.world_size()] = torch.stack(list(losses)).cpu()
    report[-1] = torch.stack(list(hits)).sum()
    *all_losses, all_hits = distributed.all_reduce_sum(report).tolist()
    return all_losses, int(all_hits)


def waited(batches: Iterator[Batch], sums: Sums) -> Batch:
    """The next micro-batch; the time until it is there is counted."""
    asked = time.monotonic()
    batch = next(batches)
    sums.waited += time.monotonic() - asked
    return batch


def refuse_untouched(setup: Setup) -> None:
    """UserError where a step has sent no gradient to a weight that is trained: it would keep its first value."""
    names = [name for name, weight in setup.parameters.items() if weight.requires_grad and weight.grad is None]
    if names:
        more = f" and {len(names) - 1} more" if names[1:] else ""
        raise UserError(
            f"method {setup.job.method.name}: no gradient arrives at {names[0]}{more}, so that it would never learn: "
            "use it in the loss, close the step in `end` of the objective, or name it in `fixed` of its Part "
            "(docs/adding_a_method.md)"
        )


def not_finite(setup: Setup, moment: Moment, loss: float) -> UserError:
    """The error for a micro-batch whose loss is no number, the same in every process."""
    protocol, listed = setup.job.protocol, setup.clips.videos
    places = micro_batches(len(listed), protocol.micro_batch, moment.seed, moment.epoch)[moment.iteration]
    videos = ", ".join(listed[place][0] for place in places)
    return UserError(
        f"the loss became {loss} in epoch {moment.epoch + 1} on videos {videos}: look at these "
        f"videos, or lower lr of protocol '{protocol.name}'"
    )
