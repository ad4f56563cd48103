"""A training that is killed at random moments ends in the bits of one that is not."""

import ast
import os
import signal
from pathlib import Path

import killing
import pandas as pd
import preloaded
from tiny_world import make_world, same, weights

from tcclip.training import train

KILLS = 20
HERE = Path(__file__).parents[2] / "helpers"


def test_killed_twenty_times_at_random_moments_a_training_ends_in_bit_identical_weights(tmp_path, capsys):
    world = make_world(tmp_path)
    done = preloaded.run(
        [str(HERE / "killing.py"), str(world), "killed", str(KILLS), "7"],
        tmp_path,
        {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[1]}", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout
    ends = ast.literal_eval(done.stdout.splitlines()[-1])
    # killed, told to stop while it trained, or told to stop before it had begun or after SIGTERM's own way
    assert sum(ends.values()) == KILLS
    assert set(ends) <= {-signal.SIGKILL, 128 + signal.SIGTERM, -signal.SIGTERM}
    assert ends[-signal.SIGKILL] == KILLS // 2 and ends[128 + signal.SIGTERM] >= 5
    killed, quiet = killing.job_of(world, "killed"), killing.job_of(world, "quiet")
    assert (killed.folder / "state.pt").is_file()
    capsys.readouterr()
    train(killed)
    assert "killed: continues after step" in capsys.readouterr().err
    train(quiet)
    assert same(weights(killed), weights(quiet))
    columns = ["epoch", "step", "lr", "loss", "train_top1", "val_top1"]
    first, second = (pd.read_csv(job.folder / "history.csv")[columns] for job in (killed, quiet))
    assert first.equals(second)
    assert {path.name for path in killed.folder.iterdir()} == {path.name for path in quiet.folder.iterdir()}
