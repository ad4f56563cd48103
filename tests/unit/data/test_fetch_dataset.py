"""The archives of a dataset: lists of parts, odd names, and what is said while they come."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
from urllib.parse import quote, unquote

import pytest
from file_server import Served
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn
from small_downloads import CONTENT, QUICK, dataset, get, left_over, received

from tcclip.data.release.download import download
from tcclip.data.release.needed import file_name, is_url, quoted
from tcclip.errors import UserError
from tcclip.params.release import RemoteFile
from tcclip.process import progress
from tcclip.process.progress import Meter


def part(number: int) -> bytes:
    return gzip.compress(f"part {number}".encode() * 50, mtime=0)


def serve_parts(site, role: str, count: int, **faults) -> RemoteFile:
    """A list of archives, as the Kinetics mirror has them."""
    urls = [site.add(f"{role}/part_{n}.tar.gz", part(n) + role.encode(), **faults) for n in range(count)]
    url = site.add(f"{role}/{role}_path.txt", "\r\n".join(urls).encode() + b"\n\n")
    return RemoteFile(name=f"{role}_path.txt", urls=[url], lists_urls=True, into=f"videos/{role}", unpack="archive")


def test_lists_of_archives_are_fetched_whole_and_their_equal_names_kept_apart(site, tmp_path):
    toy = dataset(serve_parts(site, "train", 12), serve_parts(site, "val", 3))
    assert download(toy, tmp_path, settings=QUICK).startswith("17 files, ")
    assert (tmp_path / "train_path/part_0.tar.gz").read_bytes() == part(0) + b"train"
    assert (tmp_path / "val_path/part_0.tar.gz").read_bytes() == part(0) + b"val"
    rows = received(tmp_path)
    assert len(rows) == 17
    row = rows["val_path/part_2.tar.gz"]
    assert row["sha256"] == hashlib.sha256(part(2) + b"val").hexdigest() and row["bytes"] == str(len(part(2)) + 3)
    assert (row["url"], row["into"], row["unpack"]) == (f"{site.url}/val/part_2.tar.gz", "videos/val", "archive")
    assert (rows["val_path.txt"]["into"], rows["val_path.txt"]["unpack"]) == ("", "no")


def test_several_files_are_fetched_at_a_time_and_not_more_than_asked_for(site, tmp_path):
    download(dataset(serve_parts(site, "train", 12, pause=0.2)), tmp_path, settings=QUICK)
    assert 1 < site.most <= QUICK.parallel


def test_a_part_that_fails_costs_the_others_nothing_and_is_all_that_is_asked_for_again(site, tmp_path):
    toy = dataset(serve_parts(site, "train", 8))
    site.files["/train/part_3.tar.gz"].state = 404
    with pytest.raises(UserError, match=r"toy is not complete: train_path/part_3\.tar\.gz could not be fetched"):
        download(toy, tmp_path, settings=QUICK)
    assert not (tmp_path / "received.csv").exists()
    site.files["/train/part_3.tar.gz"].state = 200
    site.asked.clear()
    assert download(toy, tmp_path, settings=QUICK).endswith("1 of them fetched now")
    assert [path for path, _ in site.asked] == ["/train/part_3.tar.gz"]


def test_of_hundreds_of_failures_five_come_with_their_reasons_and_twenty_with_their_names(site, tmp_path):
    toy = dataset(serve_parts(site, "train", 30))
    for path, served in site.files.items():
        served.state = 404 if "part_" in path else 200
    with pytest.raises(UserError, match=r"; nor could .* and 5 more files") as error:
        download(toy, tmp_path, settings=QUICK)
    assert str(error.value).count(": 404") == 5  # and not the digits of a port
    assert len(set(re.findall(r"train_path/part_\d+", str(error.value)))) == 25


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("\n", "it names no file"),
        ("see the web page\n", "line 1 is not a URL but 'see the web page'"),
        ("https://a/x.tgz\nhttps://b/x.tgz\n", r"2 of its URLs end with the same name, x\.tgz"),
        ("https://a/folder/\n", "ends with no usable file name"),
        ("https://a/..%2F..%2Fx/..\n", "ends with no usable file name"),
    ],
)
def test_a_list_that_names_no_archives_is_refused_with_its_fault(site, tmp_path, text, sentence):
    file = RemoteFile(name="path.txt", urls=[site.add("path.txt", text.encode())], lists_urls=True)
    with pytest.raises(UserError, match=sentence):
        download(dataset(file), tmp_path, settings=QUICK)


def test_two_equal_lines_of_a_list_are_one_archive(site, tmp_path):
    file = serve_parts(site, "train", 1)
    site.files["/train/train_path.txt"].content *= 2
    assert download(dataset(file), tmp_path, settings=QUICK).startswith("2 files")


ODD = ["two words.zip", 'it\'s "quoted".zip', "a#b;c&d.zip", "100%.zip", "été ☃.zip", "a+b=c,d@e.zip", "[x]{y}|z^.zip"]


@pytest.mark.parametrize("name", [*ODD, "two\nlines.zip", "tab\there.zip", "%41 is A.zip"])
def test_odd_file_names_are_asked_for_properly_and_kept(site, tmp_path, name):
    written = name.replace("%41", "%2541")  # in a URL, a % before two digits is quoting
    site.files[f"/v/{quote(name)}"] = site.files[f"/v/{quoted('http://h/' + written)[9:]}"] = Served(CONTENT)
    assert get(tmp_path, f"{site.url}/v/{written}", name=name) == CONTENT
    path = site.asked[0][0]
    assert unquote(path) == f"/v/{name}" and path.isascii() and not set(path) & set(' "#\n\t')
    assert list(received(tmp_path)) == [name]


def test_odd_names_in_a_list_become_the_names_of_the_archives(site, tmp_path):
    urls = [f"{site.url}/{name}" for name in ODD]
    for url in urls:
        site.files[quoted(url).removeprefix(site.url)] = Served(CONTENT)
    file = RemoteFile(name="path.txt", urls=[site.add("path.txt", "\n".join(urls).encode())], lists_urls=True)
    download(dataset(file), tmp_path, settings=QUICK)
    assert left_over(tmp_path) == {*ODD, "path.txt"}


@pytest.mark.parametrize(
    "url, expected",
    [
        ("https://h/a%20b.zip", "https://h/a%20b.zip"),
        ("https://h/a b.zip?x=1 2&y=é", "https://h/a%20b.zip?x=1%202&y=%C3%A9"),
        ("https://h:8/a#b.zip", "https://h:8/a%23b.zip"),
        ("https://h/100%.zip", "https://h/100%25.zip"),
    ],
)
def test_a_url_is_quoted_once(url, expected):
    assert quoted(url) == expected == quoted(expected)


def test_the_name_behind_a_url_is_unquoted_and_has_no_query():
    assert file_name("https://h/a/b%20c%23.zip?raw=1") == "b c#.zip"
    assert not is_url("ftp://h/a") and not is_url("https://h") and is_url("https://h/a")


def test_an_archive_that_was_unpacked_and_removed_is_not_fetched_again(site, tmp_path):
    toy = dataset(serve_parts(site, "train", 2), keep_archives=False)
    download(toy, tmp_path / "d", settings=QUICK)
    before = received(tmp_path / "d")
    (tmp_path / "d/train_path/part_0.tar.gz").unlink()
    (tmp_path / "d/train_path/part_1.tar.gz").unlink()
    unpacked = {"train_path/part_0.tar.gz"}
    assert download(toy, tmp_path / "d", settings=QUICK, unpacked=unpacked).endswith("1 of them fetched now")
    assert received(tmp_path / "d") == before
    assert site.asked[-1][0] == "/train/part_1.tar.gz"


def test_a_log_gets_files_bytes_rate_and_the_time_left(capsys, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    meter = Meter("k400 downloads", 4)
    meter.at("a", 500_000_000, 1_000_000_000)  # half of it came earlier
    clock[0] = 10.0
    meter.at("a", 1_000_000_000, 1_000_000_000)
    meter.done("a")
    assert capsys.readouterr().err == ""
    clock[0] = 20.0
    meter.at("b", 0, 1_000_000_000)
    assert capsys.readouterr().err == ("k400 downloads: 1 of 4 files, 1.0 GB of about 4.0 GB, 25.0 MB/s, 2:00 left\n")


def test_on_a_terminal_every_file_has_a_bar_and_all_together_one():
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=200, color_system=None)
    with Progress(TextColumn("{task.description}", markup=False), DownloadColumn(), console=console) as bars:
        meter = Meter("toy downloads", 2, bars)
        meter.at("[a].zip", 500, 1000)
        bars.refresh()
        meter.done("[a].zip")
    assert re.search(r"\[a\]\.zip +(\.\.\.)? +0\.5/1\.0 kB", shown.getvalue())
    assert "toy downloads: 1 of 2 files 0.5/2.0 kB" in shown.getvalue()
