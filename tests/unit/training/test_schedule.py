"""When the optimizer steps and at which rate (methods.md 1.5, 13; FACTS.md 23)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tcclip.params import load_method, load_protocol
from tcclip.params.kinds.schedule.cosine_after_warmup import Settings as AfterWarmup
from tcclip.training.budget import Budget, budget
from tcclip.training.optimizer import make_optimizer, set_rates
from tcclip.training.schedule import cosine_after_warmup
from tcclip.training.schedule.cosine import lr_at, rate
from tcclip.training.schedule.restarts import rate as rate_with_restarts

BASE, LOW = 8e-6, 8e-8
ZERO_SHOT = {"base": BASE, "lr_min": LOW, "warmup": 5000, "total": 10000}


def test_the_rate_rises_from_zero_to_the_base_and_drops_to_the_middle_of_the_cosine_when_warm_up_ends_at_half_time():
    assert lr_at(0, **ZERO_SHOT) == 0
    assert lr_at(2500, **ZERO_SHOT) == BASE / 2
    assert lr_at(4999, **ZERO_SHOT) == pytest.approx(BASE, rel=1e-3)
    assert lr_at(5000, **ZERO_SHOT) == pytest.approx(LOW + (BASE - LOW) / 2)


@pytest.mark.parametrize(("epochs", "warmup", "share"), [(10, 5, 0.5), (12, 2, 0.93), (30, 5, 0.93), (50, 5, 0.98)])
def test_after_warm_up_the_rate_goes_on_at_the_published_share_of_the_base(epochs, warmup, share):
    n = 100
    assert lr_at(warmup * n, base=1, lr_min=0.01, warmup=warmup * n, total=epochs * n) == pytest.approx(
        share, abs=0.006
    )


@given(st.integers(1, 50), st.integers(2, 400), st.data())
def test_the_rate_never_leaves_zero_to_base_and_ends_near_the_absolute_minimum(warmup, more, data):
    total = warmup + more
    t = data.draw(st.integers(0, total - 1))
    assert 0 <= lr_at(t, base=BASE, lr_min=LOW, warmup=warmup, total=total) <= BASE
    assert lr_at(total, base=BASE, lr_min=LOW, warmup=warmup, total=total) == pytest.approx(LOW)


def test_hmdb_two_shot_has_one_optimizer_step_per_epoch_as_on_the_authors_four_gpus():
    length = budget(102, epochs=50, warmup_epochs=5, total_batch=64, micro_batch=4, counted_for=4)
    assert (length.iterations, length.accumulation, length.steps_per_epoch) == (25, 16, 1)
    assert (length.total, length.warmup) == (300, 30)


def published_rates(videos, protocol, processes=4):
    """The rates of all optimizer steps as one of the authors' processes counts them (methods.md 1.5, 8)."""
    own, accumulate = videos // processes, protocol.total_batch // (processes * protocol.micro_batch)
    batches = own // protocol.micro_batch
    whole, warm = protocol.epochs * batches, protocol.warmup_epochs * batches
    rates, now = [], 0.0  # the scheduler starts the warm-up at 0
    for epoch in range(protocol.epochs):
        for number in range(batches):
            if (number + 1) % accumulate:
                continue
            rates.append(now)
            time = epoch * batches + number
            if time < warm:
                now = time * (protocol.lr / warm)
            else:
                now = protocol.lr_min + 0.5 * (protocol.lr - protocol.lr_min) * (1 + math.cos(math.pi * time / whole))
    return rates


VIDEOS = {  # of methods.md 8.1 to 8.3
    "zero_shot": [241_258, 240_436],
    "few_shot": [102, 204, 408, 816, 202, 404, 808, 1616, 348, 696, 1392, 2784],
    "base_to_novel": [416, 816, 1392, 3200],
    "fully_supervised": [241_258],
}


@pytest.mark.parametrize(("name", "videos"), [(name, count) for name, counts in VIDEOS.items() for count in counts])
def test_steps_and_rates_are_those_of_the_published_runs_to_the_digit(name, videos):
    protocol = load_protocol(name)
    length = budget(
        videos,
        epochs=protocol.epochs,
        warmup_epochs=protocol.warmup_epochs,
        total_batch=protocol.total_batch,
        micro_batch=protocol.micro_batch,
        counted_for=protocol.counted_for,
    )
    every = range(protocol.epochs), range(length.steps_per_epoch)
    rates = [rate(length, epoch, step, protocol.lr, protocol.lr_min) for epoch in every[0] for step in every[1]]
    assert rates == pytest.approx(published_rates(videos, protocol), rel=1e-14)


def test_some_rates_of_the_published_runs_in_numbers():
    """HMDB-51, two shots: six micro-iterations and one step an epoch, at the fourth of them."""
    few = published_rates(102, load_protocol("few_shot"))
    assert len(few) == 50 and few[:4] == pytest.approx([0, 2e-6 * 3 / 30, 2e-6 * 9 / 30, 2e-6 * 15 / 30])
    zero = published_rates(241_258, load_protocol("zero_shot"))
    assert len(zero) == 10 * 942 and zero[1] == pytest.approx(8e-6 * 15 / (5 * 15078))


def test_a_step_that_fewer_processes_can_share_is_counted_for_as_many_as_can():
    counted = [
        budget(100, epochs=2, warmup_epochs=1, total_batch=total, micro_batch=4, counted_for=4).counted_for
        for total in (4, 8, 12, 16, 64)
    ]
    assert counted == [1, 2, 1, 4, 4]


def test_the_first_step_of_all_uses_time_zero_and_later_ones_the_time_of_the_step_before():
    length = Budget(epochs=3, warmup_epochs=1, iterations=7, accumulation=3)  # the seventh iteration is the tail
    times = [length.iteration_of_rate(epoch, step) for epoch in range(3) for step in range(length.steps_per_epoch)]
    assert times == [0, 2, 5, 9, 12, 16]


def test_new_parameters_learn_ten_times_faster_towards_the_same_minimum_and_the_bias_table_does_not():
    names = ("visual.proj", "tc.1.local_global_bias", "vp.prompt_vectors")
    parameters = {name: nn.Parameter(nn.Linear(2, 2).weight.detach()) for name in names}
    optimizer = make_optimizer(parameters, load_method("tc_clip").recipe.optimizer, names[2:])
    base, new = optimizer.param_groups
    assert [id(p) for p in base["params"]] == [id(parameters[name]) for name in names[:2]]
    assert [id(p) for p in new["params"]] == [id(parameters[names[2]])]
    for t in (0, 1, 10, 70, 99):
        set_to = set_rates(optimizer, BASE, lambda base, t=t: lr_at(t, base=base, lr_min=LOW, warmup=10, total=100))
        cosine = (1 + math.cos(math.pi * t / 100)) / 2
        assert base["lr"] == set_to
        assert new["lr"] == pytest.approx(10 * BASE * t / 10 if t < 10 else LOW + (10 * BASE - LOW) * cosine)


def test_weight_decay_is_on_every_parameter_with_the_papers_betas():
    parameters = {name: nn.Parameter(nn.Linear(2, 2).bias.detach()) for name in ("logit_scale", "vp.ln_ffn.bias")}
    optimizer = make_optimizer(parameters, load_method("tc_clip").recipe.optimizer, ["vp.ln_ffn.bias"])
    for group in optimizer.param_groups:
        assert (group["weight_decay"], group["betas"], group["eps"]) == (1e-3, (0.9, 0.98), 1e-8)
    other = load_method("tc_clip", {"recipe.optimizer.eps": 1e-6}).recipe.optimizer  # which is not AdamW's default
    assert all(group["eps"] == 1e-6 for group in make_optimizer(parameters, other, []).param_groups)


def test_with_restarts_the_rate_begins_anew_after_every_period_and_its_second_step_has_that_of_the_first():
    length = Budget(epochs=3, warmup_epochs=0, iterations=12, accumulation=2)  # 6 steps an epoch
    places = [(epoch, step) for epoch in range(3) for step in range(6)]
    rates = [rate_with_restarts(4, length, epoch, step, 1.0, 0.1) for epoch, step in places]
    period = [0.1 + 0.45 * (1 + math.cos(math.pi * s / 4)) for s in range(4)]
    assert rates == pytest.approx([1.0, *(period * 5)[:17]])


def test_a_warm_up_of_the_protocol_comes_before_the_restarts():
    length = Budget(epochs=2, warmup_epochs=1, iterations=4, accumulation=1)
    rates = [rate_with_restarts(1000, length, epoch, step, 1.0, 0.0) for epoch in range(2) for step in range(4)]
    assert rates[:4] == [0, 0.25, 0.5, 0.75] and rates[4:] == pytest.approx([1, 1, 1, 1], abs=1e-3)


def rates_after_warmup(set_every, **others):
    """Of six epochs of four steps, two of them warm-up, from 1 down to 0.1."""
    rate_of = cosine_after_warmup.make(AfterWarmup(set_every=set_every, **others))
    length = Budget(epochs=6, warmup_epochs=2, iterations=8, accumulation=2)
    return [rate_of(length, epoch, step, 1.0, 0.1) for epoch in range(6) for step in range(4)]


def test_a_cosine_after_warm_up_rises_to_the_base_and_falls_from_there_to_the_lowest_rate():
    after = [0.1 + 0.45 * (1 + math.cos(math.pi * t / 16)) for t in range(16)]
    assert rates_after_warmup(1) == pytest.approx([t / 8 for t in range(8)] + after)


def test_a_warm_up_may_begin_at_the_lowest_rate():
    rates = rates_after_warmup(1, warmup_from_min=True)
    assert rates[:8] == pytest.approx([0.1 + 0.9 * t / 8 for t in range(8)])
    assert rates[8:] == rates_after_warmup(1)[8:]


def test_a_staircase_is_set_at_an_epochs_first_step_and_at_every_so_manieth():
    every, stairs = rates_after_warmup(1), rates_after_warmup(3)
    assert stairs == [every[4 * epoch + set_at] for epoch in range(6) for set_at in (0, 0, 2, 2)]
