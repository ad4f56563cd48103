"""Files that DVC brings get Snakemake's record of them back, if and only if their content is the recorded one."""

import base64
import json
import os
import shutil
from pathlib import Path

import pytest

from tcclip.errors import UserError
from tcclip.provenance import snakemake_metadata
from tcclip.provenance.job_account import read_account, write_account
from tcclip.provenance.restore import TIME, restore

WEIGHTS = Path("runs/mini/a/weights.safetensors")
TWIN = Path("runs/mini/b/weights.safetensors")
TABLE = Path("reports/mini/tables/table3.csv")
PREDICTIONS = Path("runs/mini/a/predictions")


def metadata(path):
    return Path(".snakemake/metadata") / base64.urlsafe_b64encode(str(path).encode()).decode()


def make(path, content, **job):
    """A file as a job leaves it, with Snakemake's record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    account(path, **job)


def account(path, **job):
    metadata(path).parent.mkdir(parents=True, exist_ok=True)
    metadata(path).write_text(json.dumps({"endtime": path.stat().st_mtime, "input": [], **job}))


def record_of(path):
    return json.loads(metadata(path).read_text())


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A folder with a few results and their account."""
    monkeypatch.chdir(tmp_path)
    make(WEIGHTS, "weights", rule="train", params=["k=96"])
    make(TABLE, "table", rule="table", params=["title"])
    make(PREDICTIONS / "x.parquet", "scores")
    metadata(PREDICTIONS / "x.parquet").unlink()
    account(PREDICTIONS, rule="evaluate", params=[])
    write_account("mini")
    return tmp_path


@pytest.fixture
def pulled(recorded, tmp_path_factory, monkeypatch):
    """Another folder with the same files, as `dvc pull` leaves it: new times, no .snakemake."""
    folder = tmp_path_factory.mktemp("pulled")
    for part in ("runs", "reports"):
        shutil.copytree(recorded / part, folder / part, copy_function=shutil.copyfile)
    monkeypatch.chdir(folder)
    return folder


def test_files_that_came_get_their_record_and_one_time(pulled, recorded, capsys):
    restore("mini")
    for path in (WEIGHTS, TABLE, PREDICTIONS):
        assert path.stat().st_mtime == TIME
        assert record_of(path) == json.loads((recorded / metadata(path)).read_text())
    assert "3 files of suite mini came with the account" in capsys.readouterr().err
    restore("mini")
    assert capsys.readouterr().err == ""


def test_a_file_with_another_content_gets_no_record(pulled, capsys):
    WEIGHTS.write_text("WEIGHTS")
    restore("mini")
    assert not metadata(WEIGHTS).exists() and WEIGHTS.stat().st_mtime != TIME
    assert f"Warning: 1 files differ from those in reports/mini/jobs.json.gz ({WEIGHTS})" in capsys.readouterr().err
    assert metadata(TABLE).exists()


def test_a_folder_with_another_file_in_it_gets_no_record(pulled):
    (PREDICTIONS / "y.parquet").write_text("more")
    restore("mini")
    assert not metadata(PREDICTIONS).exists()


def test_what_was_made_here_keeps_its_own_record(pulled):
    restore("mini")
    make(WEIGHTS, "weights", rule="train", params=["k=32"])  # the same bytes by another param
    restore("mini")
    assert record_of(WEIGHTS)["params"] == ["k=32"] and WEIGHTS.stat().st_mtime != TIME


@pytest.mark.parametrize("link", [True, False])
def test_a_file_that_was_put_back_gets_its_old_record_back(pulled, link):
    restore("mini")
    cache = pulled / "cache"
    cache.hardlink_to(WEIGHTS)
    WEIGHTS.unlink()
    make(WEIGHTS, "other", rule="train", params=["k=32"])
    WEIGHTS.unlink()
    WEIGHTS.hardlink_to(cache) if link else shutil.copyfile(cache, WEIGHTS)  # `dvc checkout`
    restore("mini")
    assert record_of(WEIGHTS)["params"] == ["k=96"]


def test_of_a_job_that_was_put_back_the_outputs_with_the_same_bytes_get_their_record_back_too(recorded):
    same, other = Path("reports/mini/tables/table2.csv"), Path("reports/mini/tables/table2.md")
    job = {"rule": "table", "log": ["table2.log"]}
    for path in (same, other):
        make(path, "old", params=["old title"], **job)
    write_account("mini")
    make(same, "old", params=["new title"], **job)
    make(other, "new", params=["new title"], **job)
    other.write_text("old")  # `dvc checkout` has no reason to touch the other file
    os.utime(other, (1, 1))
    restore("mini")
    assert record_of(same)["params"] == record_of(other)["params"] == ["old title"]


def test_equal_contents_that_are_one_file_keep_one_time(recorded):
    """DVC's hard links: what is put in the place of one file takes the time of the other along."""
    make(TWIN, "weights", rule="train", params=["k=96"])
    write_account("mini")
    os.utime(WEIGHTS, (5, 5))
    TWIN.unlink()
    TWIN.hardlink_to(WEIGHTS)
    restore("mini")
    assert {path.stat().st_mtime for path in (WEIGHTS, TWIN, TABLE)} == {TIME}


def test_an_edited_file_is_left_out_of_the_account(recorded):
    TABLE.write_text("99.9")
    os.utime(TABLE, (1, 1))
    assert f"left out, because something else changed them: {TABLE}" in write_account("mini")
    assert str(TABLE) not in {made.output for made in read_account("mini")}


def test_the_account_of_the_same_jobs_is_the_same_file(recorded):
    before = (recorded / "reports/mini/jobs.json.gz").read_bytes()
    write_account("mini")
    assert (recorded / "reports/mini/jobs.json.gz").read_bytes() == before


def test_a_large_input_from_outside_is_not_newer_than_what_was_made_of_it(recorded, tmp_path_factory, monkeypatch):
    """Of inputs from 1 MB on Snakemake compares times only."""
    Path("list.csv").write_text("x" * 1_000_000)
    make(TABLE, "table", rule="table", input=["list.csv"])
    write_account("mini")
    folder = tmp_path_factory.mktemp("pulled")
    shutil.copytree(recorded, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    monkeypatch.chdir(folder)
    restore("mini")
    assert Path("list.csv").stat().st_mtime == TABLE.stat().st_mtime == TIME


def test_nothing_is_touched_while_a_snakemake_works(pulled):
    Path(".snakemake/locks").mkdir(parents=True)
    Path(".snakemake/locks/0.output.lock").write_text(str(WEIGHTS))
    restore("mini")
    assert not metadata(WEIGHTS).exists()


def test_a_damaged_account_is_an_error_that_names_the_repair(pulled):
    (pulled / "reports/mini/jobs.json.gz").write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"jobs.json.gz cannot be read .* `dvc checkout --force`"):
        restore("mini")


def test_another_format_of_snakemake_s_records_is_one_sentence_and_nothing_is_written(pulled, monkeypatch):
    monkeypatch.setattr("snakemake.persistence.RECORD_FORMAT_VERSION", 7)
    sentence = "the Snakemake that is installed writes records of jobs in format 7, and this program knows format 6: "
    for act in (restore, write_account):
        with pytest.raises(UserError, match=f"{sentence}install the snakemake of requirements.lock"):
            act("mini")
    assert not metadata(WEIGHTS).exists() and WEIGHTS.stat().st_mtime != TIME


def test_a_record_of_a_newer_snakemake_is_named(recorded):
    account(TABLE, rule="table", record_format_version=7)
    with pytest.raises(UserError, match=r"metadata/\w+=* holds records of jobs in format 7"):
        write_account("mini")


def test_records_that_are_not_in_files_are_missed(recorded):
    shutil.rmtree(".snakemake/metadata")
    with pytest.raises(UserError, match=r"metadata is not there.*without --persistence-backend db"):
        write_account("mini")


def test_the_snakemake_of_this_checkout_has_the_format_that_is_known():
    snakemake_metadata.check_snakemake()
