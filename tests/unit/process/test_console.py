"""A stage ends with one line; a failing one with one sentence and exit code 1, its traceback in the log."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import preloaded
import pytest

from tcclip.errors import UserError
from tcclip.process.console import stage


def test_the_log_takes_all_output_and_ends_with_the_result(tmp_path, capfd):
    log = tmp_path / "logs" / "stage.log"
    with stage("counting", log) as report:
        print("from Python")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        report("3 things")
    lines = log.read_text().splitlines()
    assert {"from Python", "from a child"} <= set(lines)
    assert lines[-1].startswith("counting: 3 things, ")
    assert capfd.readouterr().out == ""


def test_a_user_error_is_a_sentence_for_the_person_and_a_traceback_for_the_log(tmp_path):
    log = tmp_path / "stage.log"
    with pytest.raises(SystemExit) as ended, stage("counting", log):
        raise UserError("there is nothing to count")
    assert ended.value.code == 1
    text = log.read_text()
    assert text.splitlines()[-1] == "Error: counting: there is nothing to count"
    assert "Traceback" in text


def test_without_a_log_a_user_error_shows_no_traceback(capfd):
    with pytest.raises(SystemExit), stage("counting", None):
        raise UserError("there is nothing to count")
    assert capfd.readouterr().err == "Error: counting: there is nothing to count\n"


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["train", "few_shot-hmdb51-k4-tcclip-s1024"], "did you mean 'few_shot-hmdb51-k4-tc_clip-s1024'?"),
        (["train", "untrained-vanilla_clip"], "is an untrained method"),
        (["plan", "--suite", "minni"], "unknown suite 'minni': did you mean 'mini'?"),
        (["table", "tabel3"], "unknown table 'tabel3': did you mean 'table3'?"),
        (["splits", "mini_hmdb"], "unknown dataset 'mini_hmdb': did you mean 'mini_hmdb51'?"),
    ],
)
def test_a_mistyped_name_ends_a_command_with_one_sentence(words, sentence):
    done = preloaded.run(["tcclip", *words], Path.cwd(), os.environ)
    assert done.returncode == 1
    assert sentence in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_ctrl_c_says_whether_the_same_command_goes_on(capfd):
    for goes_on in (True, False):
        with pytest.raises(SystemExit) as ended, stage("counting", None, goes_on):
            raise KeyboardInterrupt
        assert ended.value.code == 130
    said = capfd.readouterr().err.splitlines()
    assert [line.rpartition("the same command ")[2] for line in said] == ["goes on from here", "begins anew"]


def test_a_reader_that_goes_away_ends_a_command_quietly():
    code = "from tcclip.process.console import stage\n"
    code += "with stage('long', None):\n    [print('x' * 99) for _ in range(99999)]"
    shell = f'{sys.executable} -c "{code}" | head -n 1'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("x" * 99 + "\n", "")


def test_a_reader_that_is_gone_before_the_last_lines_are_written_ends_a_command_quietly():
    code = "from tcclip.process.console import stage\nwith stage('short', None): print('x')"
    gone, pipe = os.pipe()
    os.close(gone)
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-c", code], env=buffered, stdout=pipe, stderr=subprocess.PIPE, text=True)
    os.close(pipe)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("encoding", ["ascii", "ascii:surrogateescape", "utf-8"])
def test_what_the_terminal_cannot_show_is_printed_all_the_same(encoding):
    code = "from tcclip.cli import app; app.command_line = lambda: lambda **_: print('caf\\xe9 \\udce9'); app.main()"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    name = "caf\u00e9".encode() if encoding == "utf-8" else rb"caf\xe9"
    assert done.stdout == name + rb" \udce9" + b"\n", done.stderr
