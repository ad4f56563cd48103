"""Where a table's rows come from: by whose recipe they are trained here, and where the paper has its numbers from."""

from __future__ import annotations

from collections import defaultdict

from tcclip.params import load_method
from tcclip.plan import Plan


def recipes(plan: Plan, table: str) -> str:
    """ "Trained by the paper's common recipe: TC-CLIP; by its authors' own: A5." for the rows that are run."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for cell in plan.cells[table]:
        for run in dict.fromkeys(e.run for e in cell.evaluations):
            if plan.run(run).trained:
                found[plan.method(plan.run(run).method).recipe.source][cell.row] = None
    if not found.keys() - {load_method("vifi_clip").recipe.source}:  # nothing but the paper's own recipe
        return ""
    parts = [f"{source}: {', '.join(rows)}" for source, rows in found.items()]
    return f"Recipes: {'; '.join(parts)}."


def printed_from(plan: Plan, table: str) -> str:
    """ "The paper's numbers: A5 from its own paper." for the rows whose source its file says, if the suite quotes."""
    if not plan.suite.quote_published:
        return ""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in plan.table(table).rows:
        if row.printed:
            found[row.printed][row.row] = None
    if not found:
        return ""
    parts = [f"{', '.join(rows)} from {_of_several(source, len(rows))}" for source, rows in found.items()]
    return f"The paper's numbers: {'; '.join(parts)}; all others are its own runs."


def _of_several(source: str, rows: int) -> str:
    return "their own papers" if rows > 1 and source == "its own paper" else source
