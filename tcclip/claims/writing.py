"""The files of the claims: reports/<suite>/claims.csv, claim_comparisons.csv, claims.md."""

from __future__ import annotations

import pandas as pd

from tcclip.claims.judged import judged
from tcclip.claims.measured import read_measured
from tcclip.claims.printed import printed_numbers
from tcclip.claims.rows import layouts
from tcclip.params.claims import load_claims
from tcclip.params.statistics import load_statistics
from tcclip.plan import Plan, layout
from tcclip.process.files import write_text
from tcclip.reporting.claims import about, counted, lines_of
from tcclip.reporting.pipes import row


def write_claims(plan: Plan) -> pd.DataFrame:
    """Judge the paper's statements by the suite's tables and write the files; gives the claims, a line each."""
    known, settings = layouts(), load_statistics()
    printed = printed_numbers() if plan.suite.quote_published else None
    found = judged(load_claims(), known, read_measured(plan, known, settings.draws), settings, printed)
    for frame, path in zip((found.claims, found.comparisons), layout.claims(plan.suite.name), strict=False):
        write_text(path, frame.to_csv(index=False, lineterminator="\n"))
    write_text(layout.claims(plan.suite.name)[-1], markdown(plan, found.claims))
    return found.claims


def markdown(plan: Plan, claims: pd.DataFrame) -> str:
    """The claims as a Markdown table."""
    lines = [f"# What the paper says, suite {plan.suite.name}", "", f"{counted(claims)}. {about(plan)}", ""]
    heads = ["Claim", "Where", "", "Difference", "Interval", "Videos", "Seeds", "Of the comparison that decides"]
    lines += [row(heads), "| :- | :- | :- | -: | -: | -: | -: | :- |"]
    for line in lines_of(claims):
        says = " ".join([line.says, *line.notes])
        cells = [says, line.place, line.verdict, line.value, line.interval, line.videos, line.seeds, line.of]
        lines.append(row(cells))
    return "\n".join(lines) + "\n"
