"""What the system refuses is told in one sentence, whichever library hides it."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tcclip.errors import UserError
from tcclip.process.console import stage
from tcclip.process.files import atomic
from tcclip.process.system_faults import sentence_of

AS_ANYBODY = "-dac_override,-dac_read_search"  # rights by which root may read and write everything


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "a/b.csv"),
            "a/b.csv may not be read or written",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/mnt/x"),
            "by this user (Read-only",
        ),
        (PermissionError(errno.EACCES, "denied", "out/.t.csv.host.7.abc.part"), "out may not be read or written"),
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on the disk: free some"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "x"), "no space left on the disk where x is written"),
        (OSError(errno.EFBIG, "File too large"), "may not write a file as large as this: raise the limit"),
        (RuntimeError("PytorchStreamWriter failed: No space left on device"), "no space left on the disk: free some"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "no space left on the disk"),
        (OSError("Error writing bytes to file. Detail: [errno 13] Permission denied"), "may not be read or written"),
        (RuntimeError("(sqlite3.OperationalError) attempt to write a readonly database"), "MLflow's database may not"),
    ],
)
def test_a_refusal_is_a_sentence(error: Exception, sentence: str) -> None:
    assert sentence in str(sentence_of(error))


def test_an_error_that_arose_from_a_refusal_is_told_as_one() -> None:
    try:
        try:
            raise PermissionError(errno.EACCES, "Permission denied", "weights")
        except OSError as cause:
            raise RuntimeError("cannot load") from cause
    except RuntimeError as error:
        assert "weights may not be read" in str(sentence_of(error))


def test_an_error_while_another_one_is_handled_is_itself() -> None:
    try:
        try:
            raise PermissionError(errno.EACCES, "Permission denied", "lock")
        except OSError:
            {}["a mistake of the program"]
    except KeyError as error:
        assert sentence_of(error) is None


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError(errno.ENOENT, "No such file", "nowhere")])
def test_other_errors_are_none(error: Exception) -> None:
    assert sentence_of(error) is None


def test_safetensors_calls_what_it_may_not_open_missing(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    with pytest.raises(FileNotFoundError) as missing:
        load_file(file)
    assert sentence_of(missing.value) is None
    file.write_bytes(b"")
    assert f"{file} may not be read" in str(sentence_of(missing.value))


def test_a_stage_ends_with_the_sentence_and_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, stage("export", None):
        raise OSError(errno.EFBIG, "File too large", "w")
    told = capfd.readouterr().err
    assert ended.value.code == 1 and told.count("\n") == 1
    assert told.startswith("Error: export: this process may not write a file as large as w")


def in_a_stage(does: str, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """A stage that does something in `folder`, as a process of its own behind another command."""
    imports = "from tcclip.process.console import stage\nfrom tcclip.process.files import write_text\n"
    command = [*before, sys.executable, "-c", f"{imports}with stage('x', None): {does}"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_a_limit_of_the_shell_is_told(tmp_path: Path) -> None:
    done = in_a_stage("write_text('f', 'y' * 9000)", tmp_path, "bash", "-c", 'ulimit -f 4; exec "$@"', "_")
    assert done.returncode == 1 and "write a file as large as f: raise the limit (`ulimit -f`)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="takes root's rights away")
@pytest.mark.parametrize("does", ["open('list.csv').read()", "write_text('new.csv', 'x')"])
def test_what_this_user_may_not_touch_is_told(does: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").touch(mode=0)
    tmp_path.chmod(0o555)
    done = in_a_stage(does, tmp_path, "setpriv", f"--bounding-set={AS_ANYBODY}", f"--inh-caps={AS_ANYBODY}")
    tmp_path.chmod(0o755)
    assert done.returncode == 1 and "by this user (Permission denied)" in done.stderr and "Traceback" not in done.stderr


def test_a_full_disk_keeps_the_sentence_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"while writing t\.csv"), atomic(tmp_path / "t.csv"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_ctrl_c_while_the_program_loads_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    code = "from tcclip.cli.start import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 128 + signal.SIGINT and done.stderr == ""
