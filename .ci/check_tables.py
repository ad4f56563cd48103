"""Exit with 1 if a cell that the plan measures is empty, or vanilla CLIP is below 3x chance on UCF-101's stand-in."""

import csv
import sys

from tcclip.mini.classes import UCF101
from tcclip.plan import layout, load_plan

plan = load_plan(sys.argv[1])
problems = []
for table, cells in plan.cells.items():
    with open(layout.table(plan.suite.name, table), newline="") as file:
        values = {(row["group"], row["row"], row["column"]): row for row in csv.DictReader(file)}
    for cell in cells:
        row = values[cell.key]
        if cell.content and not (row["value"] and row["source"] == "measured"):
            problems.append(f"{table}: {cell.group} / {cell.row} / {cell.column} is empty")
        if not cell.content and row["source"] == "measured":
            problems.append(f"{table}: {cell.group} / {cell.row} / {cell.column} is measured without a plan")
    vanilla = values.get(("no weight ensemble", "Vanilla CLIP", "ucf101"))
    if plan.suite.name == "mini" and vanilla and float(vanilla["value"]) < 3 * 100 / len(UCF101):
        problems.append(f"{table}: vanilla CLIP has {vanilla['value']} % on the UCF-101 stand-in, less than 3x chance")
print("\n".join(problems) or f"every measured cell of {', '.join(plan.cells)} is filled")
sys.exit(bool(problems))
