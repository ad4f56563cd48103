"""Options that many commands have."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tcclip.errors import UserError
from tcclip.process.launch import AUTO, GpuCount

SuiteName = Annotated[str, typer.Option("--suite", help="mini, paper, or another file of params/suites/")]
Gpus = Annotated[
    str | None,
    typer.Option(
        metavar="N|auto",
        help="processes, one per GPU; 0: the CPU; auto: a GPU if one works; else machine.gpus of the suite",
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="another value of the method (tc.k=32) or of its protocol (protocol.lr=1e-4); repeat",
    ),
]
Seeds = Annotated[
    str,
    typer.Option(
        "--seeds",
        metavar="[METHOD,...:]N,...",
        help="the seeds of all trainings (1024,1025,1026), or of some methods' (tc_clip:1024,1025,1026)",
    ),
]
Precision = Annotated[
    str, typer.Option(help="fp32, bf16, fp16, or auto: bf16 where the GPU or the processor is fast in it")
]
Planned = Annotated[
    str | None,
    typer.Option(
        hidden=True, help="of snakemake: the params and code that it has read (`stages.depends.Depends.mark`)"
    ),
]
Log = Annotated[Path | None, typer.Option("--log", help="write all output there and print one line only")]


def on_the_cpu(command: Sequence[str], suite_file: Path) -> str:
    """What cures a job that asks for GPUs which are not there: the `command` that needs none, and the suite's key."""
    return f"`{shlex.join(command)}` computes on the CPU, and so does `gpus: 0` below `machine:` in {suite_file}"


def typed(values: Sequence[str] | None, **options: str | bool | None) -> list[str]:
    """Options as they are typed: those with a value, and those that are on."""
    words = [word for value in values or [] for word in ("--set", value)]
    for name, value in options.items():
        words += [f"--{name}", value] if isinstance(value, str) else [f"--{name}"] if value else []
    return words


def gpu_count(word: str | None, of_suite: GpuCount) -> GpuCount:
    """The GPUs that `--gpus` asks for, or those of the suite."""
    if word is None:
        return of_suite
    if word != AUTO and not word.isdecimal():
        raise UserError(f"--gpus must be a number from 0 on, or auto (got '{word}'): --gpus 0 computes on the CPU")
    return AUTO if word == AUTO else int(word)
