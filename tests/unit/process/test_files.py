"""A file is either complete or absent."""

import errno
import gc
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from tcclip.errors import UserError
from tcclip.process.files import atomic, json_or_nothing, read_json, sha256, write_json


def test_what_was_there_stays_when_writing_fails(tmp_path):
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), atomic(path) as part:
        part.write_text("half")
        raise RuntimeError("stop")
    assert read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path):
    path = tmp_path / "big.bin"
    with (
        pytest.raises(UserError, match=r"no space left on the disk of .* while writing big\.bin"),
        atomic(path) as part,
    ):
        part.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


def test_a_really_full_disk_is_a_sentence_too(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        with (
            pytest.raises(UserError, match="no space left"),
            atomic(disk / "big.bin") as part,
            open(part, "wb") as file,
        ):
            file.write(bytes(1_000_000))
        with pytest.raises(UserError, match="no space left"), atomic(disk / "weights.safetensors") as part:
            save_file({"weight": torch.zeros(250_000)}, part)
        with pytest.raises(UserError, match="no space left"), atomic(disk / "state.pt") as part:
            torch.save({"weight": torch.zeros(250_000)}, part)
        assert list(disk.iterdir()) == []
    finally:
        gc.collect()  # torch 2.11 leaves the file of a failed save open to its writer's end
        subprocess.run(["umount", str(disk)], check=True)


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    path = tmp_path / "value.json"
    code = f"""
import os, signal
from tcclip.process.files import atomic
with atomic({str(path)!r}) as part:
    part.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code])
    assert not path.exists()
    assert len(list(tmp_path.iterdir())) == 1
    write_json(path, 1)
    assert list(tmp_path.iterdir()) == [path]


def test_sha256_is_of_the_bytes(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert sha256(tmp_path / "empty").startswith("e3b0c442")


def test_who_may_read_other_files_may_read_weights_too(tmp_path):
    """safetensors writes them for the user alone, and a data folder may be another user's."""
    (tmp_path / "other").touch()
    with atomic(tmp_path / "weights.safetensors") as part:
        save_file({"a": torch.zeros(1)}, part)
    assert (tmp_path / "weights.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("left", [b"", b'{"a": [1, ', b"\xff\xfe", b"\x00" * 9])
def test_a_json_file_that_was_cut_off_or_is_none_is_named_with_what_makes_it_again(tmp_path, left):
    (tmp_path / "rows.json").write_bytes(left)
    with pytest.raises(
        UserError, match=f"^{tmp_path}/rows.json is not whole .*: remove it, and the command that writes"
    ):
        read_json(tmp_path / "rows.json")
    assert json_or_nothing(tmp_path / "rows.json") == {}
