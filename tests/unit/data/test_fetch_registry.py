"""What the registry says of a dataset's files, and what is remembered of them: hashes, lists, files fetched by hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from file_server import serving
from pydantic import ValidationError
from small_downloads import CONTENT, OTHER, QUICK, SHA, dataset, get, received

from tcclip.data.release import download as download_module
from tcclip.data.release import needed
from tcclip.data.release.download import download
from tcclip.data.release.needed import is_url
from tcclip.errors import UserError
from tcclip.params import load_dataset
from tcclip.params.dataset import Release, load_release
from tcclip.params.downloads import load_downloads
from tcclip.params.reader import names
from tcclip.params.release import RemoteFile, split_files


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
