"""A tiny world, or a file's own one, and a training in it that nothing disturbs: what others are compared with."""

from pathlib import Path

import pytest
from tiny_systems import world_of_systems
from tiny_world import training_job

from tcclip.training import TrainingJob, train


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return world_of_systems(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def undisturbed(world) -> TrainingJob:
    job = training_job(world, "undisturbed")
    train(job)
    return job
