"""A server does no job with code that has changed since it began."""

import os
import shutil

import pytest
from warm_server import ROOT, light_server, tcclip

from tcclip.workflow import warm, warm_code


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package in place of tcclip."""
    folder = tmp_path / "package"
    (folder / "models" / "__pycache__").mkdir(parents=True)
    (folder / "models" / "one.py").write_text("1")
    (folder / "templates").mkdir()
    (folder / "templates" / "page.html").write_text("page")
    monkeypatch.setattr(warm_code, "PACKAGE", folder)
    return folder


def test_a_job_runs_the_code_that_lies_there_when_it_starts(tmp_path, monkeypatch, capfd):
    shutil.copytree(ROOT / "tcclip", tmp_path / "tcclip", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    load = "import tcclip.cli.app; tcclip.__version__ = 'of the server'; warm.load = lambda *_: None"
    with light_server(tmp_path, load, tmp_path) as (path, server):
        assert tcclip("--version", server=path).stdout == "tcclip of the server\n"
        module = tmp_path / "tcclip" / "cli" / "app.py"
        whole = module.read_text()
        module.write_text(whole.replace('f"tcclip {', 'f"edited {'))
        said = tcclip("--version", server=path).stdout
        assert said.startswith("edited ") and "server" not in said
        module.write_text(whole)  # other modules may have been imported in the meantime
        assert "server" not in tcclip("--version", server=path).stdout
        assert server.poll() is None and path.parent.exists()  # its command is there as long as its owner
        assert capfd.readouterr().out.count(warm.CHANGED) == 1


def test_a_server_whose_code_changes_before_it_has_imported_anything_does_not_begin(tmp_path):
    with light_server(tmp_path, "version = 'of another minute'; warm.load = lambda *_: None") as (path, server):
        assert "tcclip " in tcclip("--version", server=path).stdout
        assert server.wait(timeout=10) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "models" / "one.py").write_text("12"),
        lambda folder: os.utime(folder / "models" / "one.py", ns=(1, 1)),
        lambda folder: (folder / "models" / "two.py").write_text("2"),  # a kind is found by its name
        lambda folder: (folder / "models" / "one.py").unlink(),
        lambda folder: (folder / "models").rename(folder / "others"),
        lambda folder: (folder / "templates" / "page.html").write_text("another page"),
    ],
)
def test_a_module_or_template_that_changes_comes_or_goes_is_another_version(package, change):
    before = warm_code.version(warm_code.files())
    assert warm_code.version(warm_code.files()) == before
    change(package)
    assert warm_code.version(warm_code.files()) != before


def test_what_editors_and_python_leave_beside_modules_is_no_other_version(package):
    before = warm_code.files()
    for name in (".one.py.swp", "4913", "one.py~", "#one.py#", "__pycache__/one.cpython-311.pyc", "__pycache__/a.py"):
        (package / "models" / name).write_text("of an editor")
    (package / "models" / ".#one.py").symlink_to("somebody@somewhere:1")
    assert warm_code.files() == before


def test_all_that_is_installed_of_the_package_is_looked_at():
    looked_at = {path for path, _, _ in warm_code.files()}
    there = {str(p) for p in (ROOT / "tcclip").rglob("*.*") if p.is_file() and "__pycache__" not in p.parts}
    assert there - looked_at == {str(ROOT / "tcclip" / "py.typed")}
