"""Exit with 1 if a cell that the plan measures is not filled, or vanilla CLIP below 3x chance on the UCF stand-in."""

import csv
import sys

from tcclip.mini.classes import UCF101
from tcclip.plan import layout, load_plan

plan = load_plan(sys.argv[1])
problems = []
for table, cells in plan.cells.items():
    path = layout.table(plan.suite.name, table)
    if not path.is_file():
        problems.append(f"{table}: {path} is missing (snakemake {table} --config suite={plan.suite.name} makes it)")
        continue
    with open(path, newline="") as file:
        values = {(row["group"], row["row"], row["column"]): row for row in csv.DictReader(file)}
    for cell in cells:
        row = values.get(cell.key)
        if row is None:
            problems.append(f"{table}: {cell.group} / {cell.row} / {cell.column} is no line of {path}")
            continue
        if cell.content and not (row["value"] and row["source"] == "measured"):
            problems.append(f"{table}: {cell.group} / {cell.row} / {cell.column} is empty")
        if not cell.content and row["source"] == "measured":
            problems.append(f"{table}: {cell.group} / {cell.row} / {cell.column} is measured without a plan")
    vanilla = values.get(("no weight ensemble", "Vanilla CLIP", "ucf101"))
    if plan.suite.name == "mini" and vanilla and vanilla["value"] and float(vanilla["value"]) < 3 * 100 / len(UCF101):
        problems.append(f"{table}: vanilla CLIP has {vanilla['value']} % on the UCF-101 stand-in, less than 3x chance")
print("\n".join(problems) or f"every measured cell of {', '.join(plan.cells)} is filled")
sys.exit(bool(problems))
