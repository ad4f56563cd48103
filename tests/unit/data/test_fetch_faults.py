"""One file from servers and lines that fail: nothing is lost, nothing is doubled, nothing wrong is kept."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from file_server import serving
from hypothesis import HealthCheck, given, settings, strategies
from small_downloads import CONTENT, OTHER, QUICK, SHA, dataset, get, left_over

from tcclip.data.release import http, partial
from tcclip.data.release.download import download
from tcclip.errors import UserError
from tcclip.params.release import RemoteFile


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """A killed process loses nothing that it wrote; only a dead machine does, and there is none here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.mark.parametrize("known", [{}, {"sha256": SHA}], ids=["hash unknown", "hash known"])
def test_a_connection_may_be_cut_at_any_byte(tmp_path_factory, known):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cuts=strategies.lists(strategies.integers(0, len(CONTENT) - 1), max_size=QUICK.attempts - 1))
    def cut(cuts):
        folder = tmp_path_factory.mktemp("cut")
        with serving() as site:
            url = site.add("a.zip", CONTENT, cuts=[*cuts])
            assert get(folder, url, **known) == CONTENT
        assert len(site.asked) <= len(cuts) + 1
        assert left_over(folder) == {"a.zip"}

    cut()


def test_what_was_received_is_not_asked_for_again(site, tmp_path):
    assert get(tmp_path, site.add("a.zip", CONTENT, cuts=[700, 500])) == CONTENT
    assert [asked for _, asked in site.asked] == ["", "bytes=700-", "bytes=1200-"]


def test_patience_is_counted_from_the_last_new_byte(site, tmp_path):
    assert get(tmp_path, site.add("a.zip", CONTENT, cuts=[100] * 15)) == CONTENT
    assert len(site.asked) == 16 > QUICK.attempts


def test_a_server_that_never_gets_further_is_given_up(site, tmp_path):
    url = site.add("a.zip", CONTENT, cuts=[700] + [0] * 20)
    with pytest.raises(UserError, match=r"the connection was cut after 700 of 2,000 bytes \(3 times in a row\)"):
        get(tmp_path, url)
    site.files["/a.zip"].cuts.clear()
    assert get(tmp_path, url) == CONTENT
    assert site.asked[-1][1] == "bytes=700-"


def test_a_server_without_range_starts_again_and_nothing_is_doubled(site, tmp_path):
    assert get(tmp_path, site.add("a.zip", CONTENT, ranges=False, cuts=[700, 1900])) == CONTENT


def test_a_server_without_range_that_always_cuts_at_the_same_byte_is_given_up(site, tmp_path):
    with pytest.raises(UserError, match="cut after 700"):
        get(tmp_path, site.add("a.zip", CONTENT, ranges=False, cuts=[700] * 50))
    assert len(site.asked) == QUICK.attempts


@pytest.mark.parametrize("version", [{"etag": '"2"'}, {"etag": "", "modified": "Mon, 02 Jan 2023 00:00:00 GMT"}])
@pytest.mark.parametrize("if_range", [True, False], ids=["If-Range obeyed", "If-Range ignored"])
def test_a_file_that_changes_between_two_requests_is_not_mixed(site, tmp_path, version, if_range):
    before = {"etag": '"1"'} if version["etag"] else {"etag": "", "modified": "Sun, 01 Jan 2023 00:00:00 GMT"}
    url = site.add("a.zip", CONTENT, cuts=[700, *[0] * 9], **before)
    with pytest.raises(UserError, match="cut after 700"):
        get(tmp_path, url)
    site.add("a.zip", OTHER, if_range=if_range, **version)
    site.asked.clear()
    assert get(tmp_path, url) == OTHER
    assert len(site.asked) == (1 if if_range else 2)


def test_a_changed_file_of_another_size_is_not_mixed_though_no_version_is_named(site, tmp_path):
    url = site.add("a.zip", CONTENT, cuts=[700, *[0] * 9])
    with pytest.raises(UserError, match="cut after 700"):
        get(tmp_path, url)
    site.add("a.zip", OTHER + b"!", if_range=False, etag="")
    assert get(tmp_path, url) == OTHER + b"!"


@pytest.mark.parametrize("etag", ["", 'W/"1"'], ids=["no version", "weak version"])
def test_without_a_version_or_a_hash_a_file_is_started_again(site, tmp_path, etag):
    assert get(tmp_path, site.add("a.zip", CONTENT, etag=etag, cuts=[700])) == CONTENT
    assert [asked for _, asked in site.asked] == ["", ""]


def test_a_file_with_a_known_hash_goes_on_at_another_candidate(site, tmp_path):
    first = site.add("first/a.zip", CONTENT, cuts=[700, *[0] * 9])
    second = site.add("second/a.zip", CONTENT, etag='"x"')
    assert get(tmp_path, first, second, sha256=SHA) == CONTENT
    assert site.asked[-1] == ("/second/a.zip", "bytes=700-")


def test_pieces_of_two_contents_are_noticed_by_the_hash_and_fetched_once_more(site, tmp_path):
    url = site.add("a.zip", OTHER, cuts=[700, *[0] * 9])
    with pytest.raises(UserError, match="cut after 700"):
        get(tmp_path, url, sha256=SHA)
    site.add("a.zip", CONTENT)  # the same ETag
    assert get(tmp_path, url, sha256=SHA) == CONTENT


@pytest.mark.parametrize(
    "known, sentence",
    [
        ({"sha256": SHA}, f"has sha256 [0-9a-f]{{64}} instead of {SHA}"),
        ({"git_blob": "0" * 40}, "has git's hash [0-9a-f]{40} instead of 0000"),
        ({"bytes": 1999}, "has 2,000 bytes instead of 1,999"),
    ],
)
def test_wrong_content_is_refused_and_not_kept(site, tmp_path, known, sentence):
    with pytest.raises(UserError, match=sentence):
        get(tmp_path, site.add("a.zip", OTHER), **known)
    assert left_over(tmp_path) == set()
    assert len(site.asked) == 1


def test_gits_hash_is_enough(site, tmp_path):
    blob = subprocess.run(["git", "hash-object", "--stdin"], input=CONTENT, capture_output=True, check=True).stdout
    assert get(tmp_path, site.add("a.zip", CONTENT), git_blob=blob.decode().strip()) == CONTENT


PAGE = b"\n<!DOCTYPE html><html>log in</html>"


@pytest.mark.parametrize(
    "name, content, sentence",
    [
        ("a.zip", PAGE, r"an HTML page instead of the \.zip file"),
        ("a.tar.gz", PAGE, r"an HTML page instead of the \.gz file"),
        ("a.csv", PAGE, r"an HTML page instead of the \.csv file"),
        ("a.rar", b"PK\x03\x04....", r"does not start like a \.rar file, but with b'PK"),
        ("a.tgz", b"Rar!....", r"does not start like a \.tgz file"),
        ("a.txt", b"\x1f\x8b\x08\x00", r"binary data instead of the \.txt file"),
        ("a.txt", b"", "is empty"),
    ],
)
def test_what_cannot_be_the_file_is_refused(site, tmp_path, name, content, sentence):
    with pytest.raises(UserError, match=sentence):
        get(tmp_path, site.add(name, content), name=name)
    assert left_over(tmp_path) == set()


def test_the_next_candidate_takes_over_from_404_html_a_dead_server_and_a_wrong_hash(site, tmp_path):
    dead = "http://127.0.0.1:9/a.zip"
    page = site.add("page/a.zip", PAGE)
    other = site.add("other/a.zip", OTHER)
    good = site.add("good/a.zip", CONTENT)
    assert get(tmp_path, f"{site.url}/none/a.zip", page, dead, other, good, sha256=SHA) == CONTENT
    assert f"{good}," in (tmp_path / "received.csv").read_text()


def test_a_part_that_begins_elsewhere_than_asked_is_not_used(site, tmp_path):
    assert get(tmp_path, site.add("a.zip", CONTENT, cuts=[700], shift=1)) == CONTENT
    assert [asked for _, asked in site.asked] == ["", "bytes=700-", ""]


def test_if_no_candidate_has_the_file_each_is_named_with_its_reason(site, tmp_path):
    page = site.add("page/a.zip", PAGE)
    with pytest.raises(UserError) as error:
        get(tmp_path, f"{site.url}/none/a.zip", page, "http://127.0.0.1:9/a.zip")
    text = str(error.value)
    assert f"{site.url}/none/a.zip: 404 Not Found; {page}: is an HTML page instead of the .zip file" in text
    assert "http://127.0.0.1:9/a.zip: [Errno 111] Connection refused (3 times in a row)" in text
    assert f"goes into {tmp_path}/ under its name" in text


def test_a_server_that_is_busy_is_asked_again(site, tmp_path):
    assert get(tmp_path, site.add("a.zip", CONTENT, states=[503, 429])) == CONTENT
    assert len(site.asked) == 3


def test_an_archive_shorter_than_announced_is_not_taken_for_complete(site, tmp_path):
    with pytest.raises(UserError, match="cut after 2,000 of 2,007 bytes"):
        get(tmp_path, site.add("a.zip", CONTENT, announce=7))
    assert not (tmp_path / "a.zip").exists()


def test_a_file_whose_length_nobody_knows_is_refused(site, tmp_path):
    with pytest.raises(UserError, match="does not say how long the file is"):
        get(tmp_path, site.add("a.zip", CONTENT, length=False))
    assert get(tmp_path, site.url + "/a.zip", sha256=SHA) == CONTENT


def test_a_server_that_sends_nothing_more_counts_as_cut(site, tmp_path):
    url = site.add("a.zip", CONTENT, pause=1.0)
    hasty = QUICK.model_copy(update={"read_timeout_seconds": 0.1, "attempts": 1})
    with pytest.raises(UserError, match="the connection was cut"):
        download(dataset(RemoteFile(name="a.zip", urls=[url])), tmp_path, settings=hasty)


def test_a_full_disk_is_one_sentence_and_what_was_received_stays(site, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "CHUNK", 256)
    url = site.add("a.zip", CONTENT)
    written = []

    def append(out, part, chunk):
        written.append(chunk)
        with partial.full_disk_named(part):
            if len(written) > 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            out.write(chunk)

    with monkeypatch.context() as full:
        full.setattr(partial, "append", append)
        with pytest.raises(UserError, match=r"no space left on the disk of .* for a\.zip: free some space"):
            get(tmp_path, url)
    assert get(tmp_path, url) == CONTENT
    assert site.asked[-1][1] == "bytes=768-"


def test_a_disk_with_less_room_than_a_server_announces_is_full_at_once(site, tmp_path):
    with pytest.raises(UserError, match=r"no space left on the disk of .* for a\.zip"):
        get(tmp_path, site.add("a.zip", CONTENT, announce=10**18))


def test_a_disk_with_less_room_than_the_registry_knows_is_full_before_any_request(site, tmp_path):
    with pytest.raises(UserError, match=r"the disk of .* has .* left, and toy needs 1\.0 EB more"):
        get(tmp_path, site.add("a.zip", CONTENT), bytes=10**18)
    assert site.asked == []


def program(folder: Path, url: str, before: str = "") -> list[str]:
    """A process of its own that downloads one file."""
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[2] / "helpers")!r})
from pathlib import Path
from small_downloads import get
from tcclip.data.release import http
http.CHUNK = 256
{before}
get(Path({str(folder)!r}), {url!r})
"""
    return [sys.executable, "-c", code]


def test_a_file_that_the_disk_takes_only_in_part_goes_on_where_it_ended(site, tmp_path):
    url = site.add("a.zip", CONTENT)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    done = subprocess.run(program(tmp_path, url), preexec_fn=limit, capture_output=True, text=True)
    assert "no space left on the disk" in done.stderr
    assert get(tmp_path, url) == CONTENT
    assert site.asked[-1][1] == "bytes=1000-"


def test_after_kill_9_the_same_command_goes_on(site, tmp_path):
    url = site.add("a.zip", CONTENT, pause=30)
    process = subprocess.Popen(program(tmp_path, url))
    part = tmp_path / "a.zip.part"
    while process.poll() is None and partial.size_of(part) < 1000 // 256 * 256:
        pass
    process.kill()
    process.wait()
    site.files["/a.zip"].pause = 0
    assert get(tmp_path, url) == CONTENT
    assert site.asked[-1][1] == "bytes=768-"
    assert left_over(tmp_path) == {"a.zip"}


@pytest.mark.parametrize("where", ["record.put", "partial.complete"])
def test_a_kill_between_the_last_byte_and_the_record_costs_no_byte(site, tmp_path, where):
    url = site.add("a.zip", CONTENT)
    kill = "lambda *_: os.kill(os.getpid(), 9)"
    place = {"record.put": "download.Hashes.put", "partial.complete": "download.partial.complete"}[where]
    subprocess.run(program(tmp_path, url, f"import os; from tcclip.data.release import download; {place} = {kill}"))
    assert not (tmp_path / "a.zip").exists()
    assert get(tmp_path, url) == CONTENT
    assert len(site.asked) == 1
    assert site.url in (tmp_path / "received.csv").read_text()


def test_a_second_download_of_a_dataset_says_that_there_is_one(site, tmp_path):
    url = site.add("a.zip", CONTENT, pause=30)
    process = subprocess.Popen(program(tmp_path, url))
    while process.poll() is None and not site.asked:
        pass
    try:
        with pytest.raises(UserError, match=rf"another download of toy is running here \(process {process.pid} on "):
            get(tmp_path, url)
    finally:
        process.kill()
        process.wait()
    site.files["/a.zip"].pause = 0
    assert get(tmp_path, url) == CONTENT  # the lock of a killed process is no lock
