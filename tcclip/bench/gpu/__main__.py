"""`make test-gpu`, or `python -m tcclip.bench.gpu` in a Python that has the program's packages: tests, times, memory.

Writes reports/bench/gpu-<card>.json and .md. Exit status: 0, 1 where a part failed, 2 where nothing could begin.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tcclip.bench.gpu.card import missing, sheet_gflops

if TYPE_CHECKING:
    from tcclip.bench.gpu.parts import TimedPart

ROOT = Path(__file__).parents[3]
REHEARSAL = "python -m tcclip.bench.gpu --device cpu --tiny"
REHEARSED = "decisions or scalars"  # of the tests, in a rehearsal
KEPT_S = 5.0  # for the report


def main() -> int:
    """Say what is missing, or measure."""
    parser = argparse.ArgumentParser(prog="python -m tcclip.bench.gpu", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a rehearsal in seconds: the mini suite's sizes")
    parser.add_argument("--minutes", type=float, default=10.0, help="for everything")
    parser.add_argument("--out", type=Path, default=Path("reports/bench"))
    given = parser.parse_args()
    started = time.monotonic()
    if fault := missing() or _no_gpu(given.device):
        print(f"Error: {fault}", file=sys.stderr)
        return 2
    return measure(given.device, given.tiny, 60 * given.minutes, given.out, started)


def measure(device: str, tiny: bool, seconds: float, out: Path, started: float) -> int:
    """Run all parts within the seconds since `started`, and write the report."""
    import torch

    from tcclip.bench.gpu.page import page
    from tcclip.bench.gpu.parts import as_rows, run_parts
    from tcclip.bench.report import device_name, stamp
    from tcclip.process.files import atomic, write_json

    card = device_name(torch.device(device))
    with tempfile.TemporaryDirectory() as name:
        left = seconds - KEPT_S - (time.monotonic() - started)
        ended, found = run_parts(parts_of(device, tiny), Path(name), left, lambda line: print(line, flush=True))
    sheet = sheet_gflops(card.replace("-", " "))
    for part in found.values():
        for row in part.get("rows", []):
            if sheet is not None and row.get("gflop_per_step"):
                row["share_of_sheet"] = row["gflop_per_step"] / row["ms_per_step"] * 1000 / sheet
    peak = max((part["peak_gflops"] for part in found.values() if "peak_gflops" in part), default=None)
    of_peak = "not measured" if peak is None else f"{peak:,.0f} GFLOP/s"
    of_sheet = "unknown" if sheet is None else f"{sheet:,.0f} GFLOP/s"
    about = (
        f"torch {torch.__version__}, CUDA {torch.version.cuda}, Python {platform.python_version()}, {stamp()['date']}, "
        f"bf16, 16 frames; peak in bf16 by a large product: {of_peak}, by the data sheet: {of_sheet}."
    )
    path = out / f"gpu-{card}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"card": card, "about": about, "sheet_gflops": sheet, "parts": as_rows(ended), "found": found})
    with atomic(path.with_suffix(".md")) as partial_file:
        partial_file.write_text(text := page(card, about, ended, found), encoding="utf-8")
    print(f"{text}\n{path}, {path.with_suffix('.md')}; {time.monotonic() - started:.0f} s")
    return int(any(one.state in ("failed", "stopped") for one in ended))


def parts_of(device: str, tiny: bool) -> list[TimedPart]:
    """In order of worth."""
    from tcclip.bench.gpu.parts import TimedPart

    common = ("--device", device, *(("--tiny",) if tiny else ()))
    rows = (sys.executable, "-m", "tcclip.bench.gpu.rows")
    limits = {"goal": 300.0 if tiny else 70.0, "compiled": 130.0, "systems": 600.0}
    goal, compiled, systems = (
        TimedPart(what, (*rows, what, "{out}", *common, "--seconds", "{seconds}"), seconds)
        for what, seconds in limits.items()
    )
    wanted = ("-k", REHEARSED) if tiny else ()
    folder = str(ROOT / "tests" / "gpu")
    tests = ("-q", "-p", "no:cacheprovider", "-m", "gpu", "-rs", "--durations=5", *wanted, folder)
    kernels = (sys.executable, "-m", "tcclip.bench.gpu.kernels", "{out}", *common)
    return [
        goal,
        TimedPart("tests", (sys.executable, "-m", "pytest", *tests, "--gpu-device", device), 200.0),
        *(() if tiny else (compiled,)),  # a compiler takes minutes of a CPU
        TimedPart("kernels", kernels, 300.0 if tiny else 40.0),
        systems,
    ]


def _no_gpu(device: str) -> str | None:
    """A sentence where there is no GPU that works."""
    from tcclip.errors import UserError
    from tcclip.process import gpu

    if device != "cuda":
        return None
    instead = f"`{REHEARSAL}` goes through the same steps on the CPU in seconds"
    try:
        gpu.check_shown(1, instead)
        gpu.check_works(instead)
    except UserError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
