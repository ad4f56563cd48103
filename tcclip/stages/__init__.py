"""The stages of the pipeline, one per file: what each reads, writes and depends on besides, and its command.

A stage's module has its commands in `app` and, as far as they apply, `inputs(...)`, `outputs(...)`, `settings(...)` and
`code(...)`, which the rules in the file of the same name in workflow/rules/ declare to Snakemake. Settings are flat
`key: value` mappings of exactly the params that a result depends on, so that a changed value makes stale what it must
and nothing else. CODE names the modules whose code it depends on, with all that they import from tcclip. HEAVY names
what the jobs of a stage with many jobs import, be it that a library does so late, so that a warm server
(`workflow.warm`) can have it ready.

No rule has a `benchmark:`, because the results themselves say more: training.json has the seconds of all sittings of a
training (Snakemake sees the last one's only), steps and peak memory, history.csv the videos per second of every epoch,
and the throughput of evaluations is what stage `bench` measures, alone on the machine.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import SimpleNamespace


def all_stages() -> SimpleNamespace:
    """The stages by name: every module of this package that has commands."""
    modules = {name: importlib.import_module(f"{__name__}.{name}") for _, name, _ in pkgutil.iter_modules(__path__)}
    return SimpleNamespace(**{name: module for name, module in modules.items() if hasattr(module, "app")})
