"""Results travel through an S3-like server as through a folder: a real one (moto's) on 127.0.0.1, over HTTP."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from checkout import ROOT
from ports import free_port
from projects import Project
from servers import process, wait_for

pytestmark = pytest.mark.component
IDENTITY = ("-c", "user.name=A Test", "-c", "user.email=test@example.org")
BUCKET = "tcclip-results"
STAGES = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3-like server with one empty bucket, and who may use it in the environment alone; its address."""
    pytest.importorskip("dvc_s3", reason="dvc-s3 is not installed (pip install -r requirements.lock)")
    pytest.importorskip("moto", reason="moto is not installed (pip install -r requirements.lock)")
    port, log = free_port(), tmp_path_factory.mktemp("s3") / "server.log"
    address = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "a-test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "a-test's secret")
        with process([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], log) as started:
            wait_for(f"{address}/moto-api/", started, log)
            requests.put(f"{address}/{BUCKET}", timeout=10).raise_for_status()
            yield address


def told(heading: str) -> list[str]:
    """The lines of the first block of commands below a heading of docs/versions.md, without comments."""
    text = (ROOT / "docs/versions.md").read_text(encoding="utf-8")
    block = re.search(rf"^#+ {heading}\n.*?^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block, heading
    return [line.partition("#")[0].strip() for line in block[1].splitlines()]


def configure(project: Project, server: str) -> None:
    """What the documentation tells for such a remote, with this server's address and bucket."""
    for line in told("An S3-like remote"):
        words = line.replace("https://minio.example.org:9000", server).replace("s3://my-bucket/", f"s3://{BUCKET}/")
        if words.startswith("dvc remote "):
            project.run(*words.split())


def weights(project: Project) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in project.folder.glob("runs/mini/*/weights.safetensors")}


def keys(server: str) -> list[str]:
    """Names of the bucket's first objects."""
    listed = requests.get(f"{server}/{BUCKET}?list-type=2", timeout=30)
    return re.findall("<Key>(.*?)</Key>", listed.text)


def test_a_clone_that_pulls_from_an_s3_like_remote_finds_nothing_to_do(
    finished: Project, server: str, tmp_path: Path
) -> None:
    shutil.copytree(finished.folder, tmp_path / "project", symlinks=True)
    project = Project(tmp_path / "project")
    project.run("git", "init", "--quiet")
    configure(project, server)
    project.run("dvc", "repro")
    project.run("git", "add", "--all")
    project.run("git", *IDENTITY, "commit", "--quiet", "--message", "all tables")
    project.run("dvc", "push")
    assert keys(server) and all(re.fullmatch(r"tcclip/files/md5/\w\w/\w{30}(\.dir)?", key) for key in keys(server))
    project.run("git", "clone", "--quiet", str(project.folder), str(tmp_path / "clone"))
    shutil.rmtree(project.folder)  # what the clone has now comes from git and the server alone
    clone = Project(tmp_path / "clone")
    assert "secret" not in (clone.folder / ".dvc/config").read_text()
    assert not weights(clone)
    clone.run("dvc", "pull")
    assert weights(clone) == weights(finished)
    assert "Nothing to be done" in clone.snakemake("-n", "tables")
    assert clone.jobs("frames") == clone.jobs("videos") == {}
    assert clone.run("dvc", "repro").stdout.count("didn't change, skipping") == STAGES
