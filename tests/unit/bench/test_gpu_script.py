"""`make test-gpu`: what it says where nothing can begin, how it spends its minutes, and all of its steps on a CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tcclip.bench.gpu import rows
from tcclip.bench.gpu.card import missing, sheet_gflops
from tcclip.bench.gpu.page import goals, page
from tcclip.bench.gpu.parts import Ended, TimedPart, run_parts
from tcclip.bench.gpu.sizes import PAPER, SYSTEMS, TINY, cases_of
from tcclip.params.variants import method_names

ROOT = Path(__file__).parents[3]


def script(*options: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "tcclip.bench.gpu", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500)


def test_without_a_gpu_there_is_one_sentence_with_the_rehearsal(tmp_path: Path) -> None:
    done = script(folder=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith("Error: 1 GPU is asked for, and ")
    assert "`python -m tcclip.bench.gpu --device cpu --tiny`" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_rehearsal_goes_through_everything_on_a_cpu(tmp_path: Path) -> None:
    done = script("--device", "cpu", "--tiny", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (tmp_path / "reports" / "bench").glob("gpu-*.json")
    content = json.loads(path.read_text())
    assert [part["name"] for part in content["parts"]] == ["goal", "tests", "kernels", "systems"]
    assert {part["state"] for part in content["parts"]} == {"done"}
    measured = [row for part in content["found"].values() for row in part.get("rows", [])]
    assert {row["subject"] for row in measured} == {"tc_clip", "vifi_clip", "ost"}
    assert all(row["share_of_peak"] > 0 for row in measured)
    assert all(value > 0 for value in content["found"]["kernels"]["ms"].values())
    assert path.with_suffix(".md").read_text() in done.stdout


def test_a_python_without_a_package_is_told_how_to_get_it() -> None:
    assert missing(["json", "nowhere_cv2"]) == (
        f"{sys.executable} lacks nowhere_cv2: {sys.executable} -m pip install nowhere_cv2"
    )
    assert missing() is None


def test_a_card_is_found_on_the_longest_of_its_names() -> None:
    assert sheet_gflops("NVIDIA H200") == sheet_gflops("NVIDIA H100 80GB HBM3") == 989_000
    assert sheet_gflops("NVIDIA H100 PCIe") == 756_000 and sheet_gflops("NVIDIA A100 SXM4 40GB") == 312_000
    assert sheet_gflops("Some other card") is None


def python(code: str, seconds: float = 60.0, name: str = "part") -> TimedPart:
    return TimedPart(name, (sys.executable, "-c", code, "{out}", "{seconds}"), seconds)


def test_a_part_that_fails_or_hangs_costs_itself_and_what_it_wrote_counts(tmp_path: Path) -> None:
    writes = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text('{\"seconds\": ' + sys.argv[2] + '}')"
    parts = [
        python("import sys; sys.exit('no such card')", name="fails"),
        python(f"{writes}; import time; time.sleep(100)", seconds=2, name="hangs"),
        python(writes, name="works"),
    ]
    said: list[str] = []
    started = time.monotonic()
    ended, found = run_parts(parts, tmp_path, 60, said.append)
    assert time.monotonic() - started < 40
    assert [one.state for one in ended] == ["failed", "stopped", "done"]
    assert found["hangs"] == {"seconds": 2} and 10 < found["works"]["seconds"] <= 60
    assert said[1].startswith("fails: failed after ") and said[1].endswith(": no such card")


def test_what_there_was_no_time_for_is_said(tmp_path: Path) -> None:
    (one,), found = run_parts([python("", name="last")], tmp_path, 1, lambda line: None)
    assert (one.state, found) == ("not reached", {})


def test_all_systems_are_measured_at_all_sizes_and_the_goals_first() -> None:
    groups = {what: cases_of(what, PAPER) for what in ("goal", "compiled", "systems")}
    uncompiled = [case for what in ("goal", "systems") for case, _ in groups[what]]
    assert len(set(uncompiled)) == len(uncompiled) == len(SYSTEMS) * 2 * 2 * 4
    assert {(case.classes, case.batch) for case in uncompiled} == {(n, b) for n in (51, 400) for b in (8, 16, 32, 64)}
    assert {way for _, way in groups["compiled"]} == {"regions", "whole", "graphs"}
    assert groups["goal"][0][0].batch == 32 and set(SYSTEMS) <= set(method_names())


def test_a_row_that_fails_is_said_and_the_next_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = rows.prepare

    def sometimes(case: Any, *others: Any) -> Any:
        if case.mode == "eval":
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to")
        return prepare(case, *others)

    monkeypatch.setattr(rows, "prepare", sometimes)
    rows.measure("goal", TINY, "cpu", tmp_path / "rows.json", 100)
    found = json.loads((tmp_path / "rows.json").read_text())
    assert [row.get("failed") for row in found["rows"]] == [None, None, *["OutOfMemoryError: CUDA out of memory."] * 2]
    rows.measure("goal", TINY, "cpu", tmp_path / "rows.json", 0)
    assert len(json.loads((tmp_path / "rows.json").read_text())["left_out"]) == 4
    text = page("card", "about", [Ended("goal", "done", 1.0, "")], {"goal": found | {"left_out": ["a row"]}})
    assert "| eval | 3 | 2 | tc_clip | off | OutOfMemoryError: CUDA out of memory. |" in text
    assert "Not reached: a row." in text


def test_goals_are_judged_of_training_against_vifi_clip_of_the_same_size() -> None:
    def row(subject: str, ms: float, classes: int = 51, **more: Any) -> dict[str, Any]:
        sizes = {"mode": "train", "classes": classes, "batch": 32, "micro": 32, "compiled": "off"}
        return {"subject": subject, "ms_per_step": ms, "share_of_peak": 0.55, **sizes, **more}

    (line,) = goals(
        [row("tc_clip", 113), row("vifi_clip", 100), row("vifi_clip", 1, 400), row("tc_clip", 9, mode="eval")]
    )
    assert "55% of the peak (met: above 50%), 1.13 x vifi_clip (missed: at most 1.12)" in line
