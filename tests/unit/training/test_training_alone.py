"""One run is trained by one process at a time."""

import pytest

from tcclip.errors import UserError
from tcclip.training.state import alone


def test_a_second_training_of_a_run_is_refused_until_the_first_ends(tmp_path):
    run = tmp_path / "few_shot-hmdb51-k4-tc_clip-s1024"
    with alone(run), pytest.raises(UserError, match="another process trains run few_shot-hmdb51-k4"), alone(run):
        pass
    with alone(run):
        pass
