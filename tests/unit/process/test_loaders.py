"""Processes that load clips: what is said when the system ends one, or has no room for what they hand over."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal

import pytest
from torch.utils.data import DataLoader

from tcclip.errors import UserError
from tcclip.process import launch
from tcclip.process.runtime import worker_context

CURE = r"`loader_workers: 0` below `machine:` in the suite's file of params/suites/"


class Clips:
    """Two clips, in whose loading something happens."""

    def __init__(self, happens):
        self.happens = happens

    def __len__(self):
        return 2

    def __getitem__(self, number):
        return self.happens(number)


def killed(_number):
    os.kill(os.getpid(), signal.SIGKILL)


def without_room(_number):
    raise RuntimeError("unable to allocate shared memory(shm) for file </torch_1_2_3>: No space left on device (28)")


def wrong(_number):
    raise RuntimeError("a clip of no frames")


def loads(happens):
    """Load clips as a job does, in a process of their own."""
    loader = DataLoader(Clips(happens), num_workers=1, multiprocessing_context=worker_context(1))
    return launch.run(0, list, loader)


def test_a_process_that_was_ended_is_one_sentence_with_what_does_without_it():
    with pytest.raises(UserError, match=f"was ended .*memory ran out.*{CURE}") as told:
        loads(killed)
    assert "\n" not in str(told.value)


def test_clips_that_find_no_shared_memory_are_one_sentence_with_what_makes_room():
    with pytest.raises(UserError, match=f"/dev/shm is too small.*--shm-size.*{CURE}") as told:
        loads(without_room)
    assert "\n" not in str(told.value)


def test_locks_that_find_no_shared_memory_are_the_same_sentence(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("_multiprocessing.SemLock", full)
    with pytest.raises(UserError, match=f"/dev/shm is too small.*{CURE}"):
        launch.run(0, multiprocessing.Queue)


def test_a_disk_that_is_full_is_not_about_shared_memory():
    def writes():
        with open("/dev/full", "w") as file:
            file.write("weights")

    with pytest.raises(OSError, match="No space left on device"):
        launch.run(0, writes)


def test_another_error_of_such_a_process_stays_what_it_is():
    with pytest.raises(RuntimeError, match="a clip of no frames"):
        loads(wrong)
