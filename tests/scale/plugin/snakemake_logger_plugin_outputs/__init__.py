"""Tells the simulated cluster which files each job makes: a file with their names, for every job that starts."""

import os
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent


class LogHandler(LogHandlerBase):
    def __post_init__(self) -> None:
        self.folder = Path(os.environ["SIMULATED_CLUSTER"]) / "outputs"

    writes_to_stream = writes_to_file = False
    has_filter = has_formatter = True
    needs_rulegraph = False

    def emit(self, record) -> None:
        fields = record.__dict__
        if fields.get("event") != LogEvent.JOB_INFO:
            return
        values = "_".join(map(str, (fields.get("wildcards") or {}).values())).replace("/", "_")
        job = f"rule_{fields['rule_name']}" + (f"_wildcards_{values}" if values else "")
        names = [job, *(str(log).replace("/", "%") for log in fields.get("log") or [])]
        # behind a path stands, in brackets, what kind of output it is
        text = "".join(str(path).partition(" (")[0] + "\n" for path in fields.get("output") or [])
        for name in names:
            new = self.folder / f".{name}"
            new.write_text(text)
            new.replace(self.folder / name)
