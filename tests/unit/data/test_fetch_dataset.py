"""All files of a dataset: lists of parts, files fetched by hand, what is remembered of a file, and odd names."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import subprocess
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from file_server import Served, serving
from pydantic import ValidationError
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn
from small_downloads import CONTENT, OTHER, QUICK, SHA, dataset, get, left_over

from tcclip.data.release import download as download_module
from tcclip.data.release import needed
from tcclip.data.release.download import download
from tcclip.data.release.needed import file_name, is_url, quoted
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.dataset import Release, load_release
from tcclip.params.downloads import load_downloads
from tcclip.params.reader import names
from tcclip.params.release import RemoteFile, split_files
from tcclip.process import progress
from tcclip.process.progress import Meter


@pytest.fixture
def site():
    with serving() as site:
        yield site


def received(folder: Path) -> dict[str, dict[str, str]]:
    with open(folder / "received.csv", newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


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


def test_of_hundreds_of_failures_five_are_named(site, tmp_path):
    toy = dataset(serve_parts(site, "train", 30))
    for path, served in site.files.items():
        served.state = 404 if "part_" in path else 200
    with pytest.raises(UserError, match="and 25 more files") as error:
        download(toy, tmp_path, settings=QUICK)
    assert str(error.value).count("404") == 5


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


def test_the_hash_of_the_first_download_is_checked_ever_after(site, tmp_path):
    url = site.add("a.zip", CONTENT)
    get(tmp_path, url)
    (tmp_path / "a.zip").unlink()
    (tmp_path / "received.csv").unlink()
    site.add("a.zip", OTHER)
    with pytest.raises(UserError, match=rf"instead of {SHA} \(it must be as at its first download; to accept another"):
        get(tmp_path, url)
    (tmp_path / "hashes.csv").unlink()
    assert get(tmp_path, url) == OTHER


def test_a_file_that_was_changed_on_the_disk_is_named_and_left_to_its_owner(site, tmp_path):
    url = site.add("a.zip", CONTENT)
    get(tmp_path, url)
    (tmp_path / "a.zip").write_bytes(OTHER)
    with pytest.raises(UserError, match=r"a\.zip is not the file that it should be: it has sha256 .* remove it"):
        get(tmp_path, url)
    assert (tmp_path / "a.zip").read_bytes() == OTHER


def test_verified_files_are_hashed_again_only_when_touched_or_asked_for(site, tmp_path, monkeypatch):
    toy = dataset(RemoteFile(name="a.zip", urls=[site.add("a.zip", CONTENT)]))
    hashed = []
    monkeypatch.setattr(download_module, "check", lambda file, path: hashed.append(path.name) or SHA)
    download(toy, tmp_path, settings=QUICK)
    download(toy, tmp_path, settings=QUICK)
    assert hashed == []
    download(toy, tmp_path, settings=QUICK, again=True)
    assert hashed == ["a.zip"]
    (tmp_path / "a.zip").touch()
    download(toy, tmp_path, settings=QUICK)
    assert hashed == ["a.zip"] * 2
    assert len(site.asked) == 1 and received(tmp_path)["a.zip"]["url"] == f"{site.url}/a.zip"


def test_a_hash_that_enters_the_registry_later_is_checked(site, tmp_path):
    url = site.add("a.zip", OTHER)
    get(tmp_path, url)
    with pytest.raises(UserError, match=f"instead of {SHA}"):
        get(tmp_path, url, sha256=SHA)


def test_a_blob_that_the_registry_names_anew_is_checked_though_the_file_was_not_touched(site, tmp_path):
    url = site.add("a.zip", OTHER)
    get(tmp_path, url)
    with pytest.raises(UserError, match=r"has git's hash [0-9a-f]{40} instead of 0000"):
        get(tmp_path, url, git_blob="0" * 40)


def by_hand(site) -> list[RemoteFile]:
    labels = RemoteFile(name="labels.zip", urls=[site.add("labels.zip", CONTENT)], into="lists")
    return [RemoteFile(name="v-00.zip", into="videos"), RemoteFile(name="v-01.zip", into="videos"), labels]


def test_what_no_program_can_fetch_is_one_sentence_after_everything_else_was_fetched(site, tmp_path):
    toy = dataset(*by_hand(site), by_hand="Log in and put v-00.zip and v-01.zip here.")
    (tmp_path / "v-01.zip").write_bytes(CONTENT)
    with pytest.raises(UserError) as error:
        download(toy, tmp_path, settings=QUICK)
    assert str(error.value) == (
        "toy is not complete: v-00.zip must be fetched by hand. Log in and put v-00.zip and v-01.zip here. "
        "Licence: to be read. Page: https://page. Then run `tcclip download toy` again; what was fetched stays."
    )
    assert (tmp_path / "labels.zip").is_file()
    (tmp_path / "v-00.zip").write_bytes(OTHER)
    assert download(toy, tmp_path, settings=QUICK).startswith("3 files")
    assert received(tmp_path)["v-00.zip"]["url"] == "by hand"
    assert received(tmp_path)["v-01.zip"]["sha256"] == SHA
    assert len(site.asked) == 1


def test_a_wrong_file_put_there_by_hand_is_named_and_left_to_its_owner(site, tmp_path):
    (tmp_path / "v-00.zip").write_bytes(b"<html>please log in")
    with pytest.raises(UserError, match=r"v-00\.zip is not the file that it should be: it is an HTML page"):
        download(dataset(*by_hand(site)), tmp_path, settings=QUICK)
    assert (tmp_path / "v-00.zip").is_file()


def test_a_file_that_its_server_has_no_more_may_be_put_there_by_hand(site, tmp_path):
    (tmp_path / "a.zip").write_bytes(CONTENT)
    assert get(tmp_path, f"{site.url}/gone.zip", sha256=SHA) == CONTENT
    assert site.asked == []


def test_of_a_dataset_whose_videos_the_user_has_only_the_lists_are_fetched(site, tmp_path):
    toy = dataset(*by_hand(site)).model_copy(update={"folder": "/my/videos"})
    download(toy, tmp_path, settings=QUICK)
    assert list(received(tmp_path)) == ["labels.zip"]


def test_lists_come_as_the_dataset_asks_for_them_and_texts_from_outside_apart(site, tmp_path, monkeypatch):
    def lists(_, kind):
        return [RemoteFile(name=f"{kind}/a.txt", urls=[site.add(f"{kind}.txt", kind.encode())], into=f"lists/{kind}")]

    monkeypatch.setattr(needed, "split_files", lists)
    official = RemoteFile(name="labels.txt", urls=[site.add("labels.txt", b"labels")], into="lists")
    toy = dataset(RemoteFile(name="a.zip", urls=[site.add("a.zip", CONTENT)], into="videos"), official)
    download(toy, tmp_path / "official", settings=QUICK)
    assert list(received(tmp_path / "official")) == ["a.zip", "labels.txt"]
    download(toy.model_copy(update={"lists": "published"}), tmp_path / "published", settings=QUICK)
    assert list(received(tmp_path / "published")) == ["a.zip", "published/a.txt"]
    download(toy.model_copy(update={"zero_shot_from": "val"}), tmp_path / "both", settings=QUICK)
    assert list(received(tmp_path / "both")) == ["a.zip", "labels.txt", "published/a.txt"]
    for kind in ("rephrased", "descriptors"):
        download(toy, tmp_path / kind, kind, settings=QUICK)
        assert list(received(tmp_path / kind)) == [f"{kind}/a.txt"]


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


def test_a_generated_dataset_has_nothing_to_download():
    with pytest.raises(UserError, match=r"mini_k400\.yaml has no `sources`"):
        load_release("mini_k400")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate that nobody has signed, with its key."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    try:
        subprocess.run([*command, "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("making a certificate needs openssl")
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


def test_a_broken_certificate_is_accepted_only_together_with_a_hash(certificate, tmp_path):
    with serving(certificate) as site:
        url = site.add("a.zip", CONTENT)
        with pytest.raises(UserError, match="the server's TLS certificate is not valid"):
            get(tmp_path, url, sha256=SHA)
        assert site.asked == []
        assert get(tmp_path, url, sha256=SHA, insecure_tls=True) == CONTENT
    with pytest.raises(ValidationError, match="insecure_tls needs the file's sha256"):
        RemoteFile(name="a.zip", urls=[url], insecure_tls=True)


def test_every_file_of_the_registry_has_an_address_or_a_person_who_fetches_it():
    releases = [dataset for name in names("datasets") if isinstance(dataset := load_dataset(name), Release)]
    assert len(releases) == 6
    for dataset in releases:
        name, sources = dataset.name, dataset.downloads
        assert len({file.name for file in sources.files}) == len(sources.files)
        assert all(file.urls or sources.by_hand for file in sources.files), name
        listed = [file for kind in ("published", "rephrased", "descriptors") for file in split_files(name, kind)]
        files = [*sources.files, *listed]
        assert all(is_url(url) for file in files for url in file.urls)
        assert len({file.name for file in files}) == len(files), name


def test_a_mistake_in_downloads_yaml_is_named(tmp_path, monkeypatch):
    assert load_downloads().attempts > 1
    (tmp_path / "downloads.yaml").write_text("attempts: 0\n")
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path))
    with pytest.raises(UserError, match=r"downloads\.yaml: attempts: input should be greater than or equal to 1"):
        load_downloads()


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
