"""Exit with 1 if a cell that the plan measures is empty."""

import csv
import sys

from tcclip import layout
from tcclip.plan import load_plan

plan = load_plan(sys.argv[1])
problems = []
for table, cells in plan.cells.items():
    with open(layout.table(plan.suite.name, table), newline="") as file:
        values = {(row["group"], row["row"], row["column"]): row for row in csv.DictReader(file)}
    for cell in cells:
        row = values[cell.group, cell.row, cell.column]
        planned = bool(cell.evaluations or cell.mean_of)
        if planned and not (row["value"] and row["source"] == "measured"):
            problems.append(f"{table}: {cell.group} / {cell.row} / {cell.column} is empty")
        if not planned and row["source"] == "measured":
            problems.append(f"{table}: {cell.group} / {cell.row} / {cell.column} is measured without a plan")
print("\n".join(problems) or f"every measured cell of {', '.join(plan.cells)} is filled")
sys.exit(bool(problems))
