"""MLflow is a view: without its server everything else is made, and the printed command loads the runs later."""

import re
import shlex
import shutil
import sqlite3

from ports import free_port


def test_tables_are_complete_without_a_server_and_the_printed_command_loads_the_runs(project, monkeypatch):
    made = [project.folder / "reports/mini" / name for name in ("tables/table3.csv", "index.html")]
    for path in made:
        path.unlink()
    (project.folder / "mlflow.db").unlink()
    shutil.rmtree(project.folder / "mlruns")
    address = f"http://127.0.0.1:{free_port()}"
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", address)
        said = project.snakemake("tables", check=False)
    lines = [line for line in said.splitlines() if f"MLflow's server {address} cannot be reached" in line]
    assert lines[0].startswith("Warning: ") and "runs and tables are made all the same" in lines[0]
    assert lines[-1].strip().startswith("Error: MLflow runs: ") and "reports/mini/tables are complete" in lines[-1]
    assert all(path.is_file() for path in made) and "Traceback" not in said
    done = project.run(*shlex.split(re.search("`(env -u .*?)`", lines[-1])[1]))
    assert "MLflow runs: 7 new" in done.stdout
    assert project.jobs("tables") == {}


def test_a_store_that_another_process_holds_is_loaded_when_it_lets_go(project):
    (project.folder / "reports/mini/mlflow.csv").unlink()
    holder = sqlite3.connect(project.folder / "mlflow.db")
    holder.execute("begin immediate")
    done = project.run("tcclip", "mlflow", check=False)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 1
    assert "mlflow.db is locked by another process" in done.stdout
    holder.rollback()
    project.run(*shlex.split(re.search("`(snakemake .*?)`", done.stdout)[1]))
    assert project.jobs("tables") == {}
