"""The process beside a training says once that the server is away, and nobody waits for it after the training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).parents[3]
FIRST = {"open": {"experiment": "mini", "run": "a", "training": "b", "tags": {"process": "1@1"}, "params": {}}}


def test_it_tells_once_and_lets_go_of_the_output_soon_after_the_end():
    address = f"http://127.0.0.1:{free_port()}"
    reporter = subprocess.Popen(
        [sys.executable, "-P", "-m", "tcclip.tracking.reporter"],
        env={**os.environ, "MLFLOW_TRACKING_URI": address, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        reporter.stdin.write(json.dumps(FIRST) + "\n")
        reporter.stdin.flush()
        line = reporter.stderr.readline()
        reporter.stdin.close()
        ended = time.monotonic()
        rest = reporter.stderr.read()  # to its end, as a pipe behind `tcclip train` is read
        assert time.monotonic() - ended < 60 and reporter.poll() is None  # it goes on trying
    finally:
        reporter.kill()
        reporter.wait()
    assert line == (
        f"MLflow's server {address} cannot be reached (Connection refused): the training goes on, and "
        "`snakemake mlflow` loads what is missing\n"
    )
    assert rest == ""
