"""The bench measures what it says, on a small CLIP; the paper's counts come out by arithmetic."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from tcclip.bench import oracle, plain
from tcclip.bench.arithmetic import flops, macs, parameters, trained_parameters
from tcclip.bench.cases import Case, Settings, grid, modes_of, parse_row, settings_of
from tcclip.bench.memory import peak_mb
from tcclip.bench.report import ratio, show
from tcclip.bench.run import bench
from tcclip.bench.steps import prepare
from tcclip.bench.timing import in_turn
from tcclip.bench.world import class_names, config_of, videos, with_texts
from tcclip.errors import UserError
from tcclip.models import Backbone, build
from tcclip.models.summarizer.matching import schedule
from tcclip.params import load_method


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of devices are written below the working directory."""
    monkeypatch.chdir(tmp_path)


SETTINGS = Settings("mini", "fp32", "cpu", frames=2, threads=1, repeat=1)
VIT_B16 = config_of("paper")


@pytest.mark.parametrize(
    ("method", "millions", "giga"),
    [
        ("vifi_clip", 124.32, 284.0),
        ("tc_clip", 127.48, 303.0),
        ("tc_clip_light", 127.48, 289.9),
        ("action_clip", 143.28, 284.3),
        ("froster", 124.32, 306.9),
        ("maxi", 124.32, 284.0),
    ],
)
def test_parameters_and_multiply_accumulates_are_those_of_the_paper_s_convention(
    method: str, millions: float, giga: float
) -> None:
    settings = load_method(method)
    assert round(parameters(settings, VIT_B16, 16) / 1e6, 2) == millions
    assert round(macs(settings, VIT_B16, 16) / 1e9, 1) == giga


@pytest.mark.parametrize(
    ("method", "count"),
    [
        ("vanilla_clip", 0),
        ("action_clip-common", 168_574_465),  # with the token table, as ost-common and froster-common
        ("a5-common", 6_352_384),
        ("x_clip-common", 131_505_152),
        ("vita_clip-common", 30_238_721),  # with vectors for each of 400 classes
        ("vifi_clip", 124_323_841),
        ("open_vclip-common", 86_192_641),
        ("maxi-common", 124_323_841),
        ("ost-common", 149_620_737),
        ("froster-common", 150_669_313),  # with its projectors, which a test does not have
        ("tc_clip", 127_479_561),
    ],
)
def test_what_a_system_trains_is_counted_to_the_unit(method: str, count: int) -> None:
    assert trained_parameters(load_method(method), VIT_B16, 16, classes=400) == count


def test_texts_are_as_long_as_those_of_kinetics() -> None:
    named = with_texts(Backbone(config_of("mini"), {}), load_method("tc_clip"), 400)
    lengths = [len(ids) for ids in named.tokens.values()]
    assert (len(lengths), max(lengths)) == (400, 14)
    assert math.isclose(sum(lengths) / 400, 9.3)


def test_plain_and_oracle_give_the_logits_of_the_model_they_are_compared_with() -> None:
    config, method = config_of("mini"), load_method("tc_clip", {"tc.k": 12})
    model = build(method, with_texts(Backbone.random(config), method, 4), class_names(4), 2)
    weights, clip = dict(model.state_dict()), videos(config, 2, 2, torch.device("cpu"))
    tokens = torch.nn.functional.pad(model.tokens, (0, 30 - model.tokens.shape[1]))
    assert method.tc is not None
    with torch.no_grad():
        expected = model(clip)
        found = plain.logits(weights, config, method.tc, tokens, clip)
        assert torch.allclose(found, expected, atol=1e-4)
        assert torch.allclose(oracle.logits(weights, config, method, model.tokens, clip), expected, atol=1e-4)


def test_a_view_with_400_classes_needs_283e9_multiply_accumulates_of_which_matching_is_a_fortieth() -> None:
    settings = Settings("paper", "fp32", "cpu", frames=16, threads=1, repeat=1)
    counted = flops(Case("tc_clip", "eval", 400, 1, 1), settings, VIT_B16) / 2e9
    assert counted == pytest.approx(282.7, rel=0.005)  # counted for this way of computing it by another program
    seeds, products = 16 * 58, 0.0
    for removed in schedule(seeds, 96, 100):
        products += (seeds - seeds // 2) * (seeds // 2) * VIT_B16.vision_width / 1e9
        seeds -= removed
    assert 0.02 < VIT_B16.vision_layers * products / counted < 0.026


def test_a_teacher_adds_a_forward_pass_of_its_image_tower_and_nothing_for_texts() -> None:
    counted = {
        (m, n): flops(Case(m, "train", 3, n, 1), SETTINGS, config_of("mini"))
        for m in ("froster", "open_vclip")
        for n in (1, 2)
    }
    views = {method: counted[method, 2] - counted[method, 1] for method in ("froster", "open_vclip")}  # one more each
    plain = flops(Case("vanilla_clip", "eval", 3, 1, 1), SETTINGS, config_of("mini"))
    assert views["froster"] == pytest.approx(views["open_vclip"] / 2 + plain, rel=0.03)  # which has two passes


@pytest.mark.parametrize(
    ("subject", "dtype"),
    [("oracle", "fp32"), ("froster", "bf16")]
    + [(s, d) for s in ("tc_clip", "vifi_clip", "vanilla_clip", "plain") for d in ("fp32", "bf16")],
)
def test_a_step_of_every_subject_runs_in_both_modes(subject: str, dtype: Any) -> None:
    settings = Settings("mini", dtype, "cpu", 2, 1, 1)
    backbone = Backbone.random(config_of("mini"))
    for case in (Case(subject, "eval", 3, 2, 2), Case(subject, "train", 3, 2, 1)):
        prepare(case, settings, backbone)()


def test_a_run_writes_a_file_per_device_and_replaces_only_rows_that_it_measured_again(tmp_path: Path) -> None:
    out = tmp_path / "cpu.json"
    cases = [Case("tc_clip", "eval", 3, 1, 1), Case("plain", "eval", 3, 1, 1)]
    line = bench(cases, [SETTINGS], out, memory=False)
    assert line.startswith("2 rows, peak ")
    bench([Case("tc_clip", "eval", 3, 1, 1), Case("tc_clip", "train", 3, 2, 1)], [SETTINGS], out, memory=False)
    content = json.loads(out.read_text())
    assert [(row["subject"], row["mode"]) for row in content["rows"]] == [
        ("plain", "eval"),
        ("tc_clip", "eval"),
        ("tc_clip", "train"),
    ]
    assert len({row["paper_gflops_per_view"] for row in content["rows"]}) == 1  # all are TC-CLIP on the same backbone
    assert content["rows"][2]["gflop_per_step"] > 2 * content["rows"][1]["gflop_per_step"] > 0
    assert 0 < content["rows"][1]["share_of_peak"] < 1
    assert content["rows"][1]["torch"] == torch.__version__


def test_rows_take_turns() -> None:
    calls: list[str] = []
    times = in_turn([lambda: calls.append("a"), lambda: calls.append("b")], 2, torch.device("cpu"))
    assert calls == ["a", "b"] * 3  # the first round warms up
    assert all(0 < time.best <= time.median for time in times)


def test_a_log_says_how_far_the_turns_are(capsys: pytest.CaptureFixture[str]) -> None:
    in_turn([lambda: None, lambda: None], 2, torch.device("cpu"))
    assert "bench: 6 of 6 steps" in capsys.readouterr().err


def test_peak_memory_is_of_a_process_of_its_own() -> None:
    ballast = torch.ones(400 * 2**18)  # 400 MB that the row does not have
    assert 100 < peak_mb(Case("vifi_clip", "eval", 3, 1, 1), SETTINGS) < 1500
    assert len(ballast)


def test_operations_of_a_training_step_grow_with_views_but_the_class_part_is_counted_once() -> None:
    config = config_of("mini")
    one, two = (flops(Case("tc_clip", "train", 40, n, 1), SETTINGS, config) for n in (1, 2))
    few = flops(Case("tc_clip", "train", 4, 1, 1), SETTINGS, config)
    assert one < two < 2 * one
    assert few < one


def test_a_step_of_matching_encodes_the_texts_of_its_videos_and_micro_batches_twice() -> None:
    config, method = config_of("mini"), "action_clip"
    whole, split = (flops(Case(method, "train", 40, 4, micro), SETTINGS, config) for micro in (4, 2))
    assert whole < split < 1.4 * whole
    assert flops(Case(method, "train", 400, 4, 2), SETTINGS, config) < 1.1 * split  # not those of all classes
    backbone = with_texts(Backbone.random(config), SETTINGS.method(method), 3)
    for micro in (2, 4):
        prepare(Case(method, "train", 3, 4, micro), SETTINGS, backbone)()


def test_a_second_pass_over_the_videos_is_counted_and_its_texts_are_there_before() -> None:
    config = config_of("mini")
    test, training = (flops(Case("open_vclip", mode, 40, 1, 1), SETTINGS, config) for mode in ("eval", "train"))
    assert 5.5 * test < training < 6.1 * test  # back is twice the way there, and both are done twice
    assert flops(Case("open_vclip", "train", 40, 4, 2), SETTINGS, config) == pytest.approx(4 * training)


def test_a_step_with_bags_encodes_the_texts_of_its_videos_and_not_those_of_all_classes() -> None:
    config = config_of("mini")
    few, many = (flops(Case("maxi", "train", classes, 4, 2), SETTINGS, config) for classes in (4, 400))
    assert few == many > flops(Case("vifi_clip", "train", 4, 4, 2), SETTINGS, config)
    prepare(Case("maxi", "train", 3, 4, 2), SETTINGS, Backbone.random(config))()


def test_a_ratio_compares_equal_sizes_and_falls_back_to_another_batch() -> None:
    def row(subject: str, batch: int, speed: float, cpu_ms: float | None = None) -> dict[str, Any]:
        sizes = {"mode": "train", "classes": 4, "batch": batch, "threads": 1}
        return {"subject": subject, **sizes, "micro": 1, "views_per_s": speed, "cpu_ms_per_step": cpu_ms}

    rows = [row("tc_clip", 4, 6.0), row("plain", 1, 2.0), row("plain", 4, 3.0)]
    assert ratio(rows, rows[0], "plain") == (2.0, True)
    assert ratio(rows[:2], rows[0], "plain") == (3.0, False)
    assert ratio(rows, rows[1], "plain") is None
    busy = [row("tc_clip", 1, 6.0, cpu_ms=100), row("plain", 1, 1.0, cpu_ms=250)]  # plain was disturbed
    assert ratio(busy, busy[0], "plain") == (2.5, True)


def test_rows_are_chosen_one_by_one_or_as_a_grid_and_mistakes_are_sentences(tmp_path: Path) -> None:
    assert parse_row("tc_clip:train:400:4:1") == Case("tc_clip", "train", 400, 4, 1)
    assert parse_row("oracle:eval:51:1") == Case("oracle", "eval", 51, 1, 1)
    assert len(grid(["tc_clip", "plain"], modes_of("both"), [51, 400], [1, 2], 4)) == 16
    with pytest.raises(UserError, match="--row must be METHOD"):
        parse_row("tc_clip:train:400")
    with pytest.raises(UserError, match="unknown method 'tc_clp'"):
        bench([Case("tc_clp", "eval", 1, 1, 1)], [SETTINGS], tmp_path / "x.json")
    with pytest.raises(UserError, match="is not made of micro-batches of 3"):
        bench([Case("tc_clip", "train", 1, 4, 3)], [SETTINGS], tmp_path / "x.json")
    with pytest.raises(UserError, match="unknown dtype 'fp8'"):
        settings_of("mini", "fp8", "cpu", 16, 1, 1)


def test_the_table_cuts_no_name_of_a_method(capsys: pytest.CaptureFixture[str]) -> None:
    name = "open_vclip-weight_ensemble-of_a_long_name-common"
    sizes = {"mode": "eval", "classes": 51, "batch": 4, "micro": 4, "threads": 1, "views_per_s": 450.0}
    row: dict[str, Any] = {"subject": name, **sizes, "ms_per_step": 8.8, "median_ms_per_step": 9.0}
    costs = ("cpu_ms_per_step", "peak_memory_mb", "paper_gflops_per_view", "gflop_per_step", "share_of_peak")
    show([row | dict.fromkeys(costs, 0.5)])
    printed = capsys.readouterr().out
    assert name in printed and "…" not in printed
