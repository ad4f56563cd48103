"""Batches reach a GPU a step ahead and are waited for one by one; on a CPU nothing is fetched early."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from tcclip.process.copying import on_device

GPU = torch.device("cuda:1")  # not the one that a process has for its own


class OnGpu:
    """A tensor of which only its way is known."""

    def __init__(self, name: int, said: list[str]) -> None:
        self.name, self.said = name, said

    def to(self, device: torch.device, non_blocking: bool) -> OnGpu:
        assert device == GPU and non_blocking
        self.said.append(f"copy {self.name}")
        return self

    def record_stream(self, stream: object) -> None:
        self.said.append(f"keep {self.name} for {stream.name}")  # type: ignore[attr-defined]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of two streams that are not there."""
    done: list[str] = []
    copying = SimpleNamespace(name="copying", record_event=lambda: len([one for one in done if one.startswith("copy")]))
    computing = SimpleNamespace(name="computing", wait_event=lambda event: done.append(f"wait for copy {event}"))
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: copying)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    other = SimpleNamespace(name="another GPU", wait_event=lambda event: None)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device=None: computing if device == GPU else other)
    return done


def test_a_gpu_copies_the_next_batch_before_it_is_given_this_one(said: list[str]) -> None:
    batches = (((OnGpu(number, said),), f"videos {number}") for number in (1, 2, 3))
    for _, videos in on_device(batches, GPU):  # type: ignore[arg-type]
        said.append(f"compute {videos}")
    assert said == [
        *("copy 1", "copy 2", "wait for copy 1", "keep 1 for computing", "compute videos 1"),
        *("copy 3", "wait for copy 2", "keep 2 for computing", "compute videos 2"),
        *("wait for copy 3", "keep 3 for computing", "compute videos 3"),
    ]


def test_no_batch_at_all_is_none_on_a_gpu(said: list[str]) -> None:
    assert list(on_device(iter(()), GPU)) == [] == said


def test_on_a_cpu_a_batch_is_asked_for_when_it_is_wanted() -> None:
    asked = []

    def loader() -> Iterator[tuple[tuple[torch.Tensor, ...], int]]:
        for number in range(3):
            asked.append(number)
            yield (torch.full((2,), number), torch.ones(1)), number

    batches = on_device(loader(), torch.device("cpu"))
    (first, _), number = next(batches)
    assert (asked, number, first.tolist()) == ([0], 0, [0, 0])
    assert [number for _, number in batches] == [1, 2]
