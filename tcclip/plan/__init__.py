"""What a suite consists of: cells, evaluations and runs, their names and where they lie; pure functions of params/."""

from tcclip.plan.cells import Cell
from tcclip.plan.evaluation import Evaluation
from tcclip.plan.expand import expand
from tcclip.plan.plan import Plan, load_plan, plan_of, plan_with_seeds
from tcclip.plan.runs import Run, run_for

__all__ = ["Cell", "Evaluation", "Plan", "Run", "expand", "load_plan", "plan_of", "plan_with_seeds", "run_for"]
