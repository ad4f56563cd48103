"""Plans of suite paper with other params."""

import shutil

import yaml

from tcclip.params.reader import params_folder
from tcclip.plan import load_plan


def with_params(monkeypatch, tmp_path, **files):
    """The plan of suite paper with other params: file name without .yaml -> keys put over it."""
    shutil.copytree(params_folder(), tmp_path / "params")
    for name, changes in files.items():
        path = tmp_path / "params" / f"{name.replace('__', '/')}.yaml"
        old = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump({**old, **changes}, sort_keys=False))
    monkeypatch.setenv("TCCLIP_PARAMS", str(tmp_path / "params"))
    load_plan.cache_clear()
    plan = load_plan("paper")
    load_plan.cache_clear()
    return plan
