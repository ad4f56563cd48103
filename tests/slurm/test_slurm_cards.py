"""GPUs under Slurm: a job sees its own cards. The cluster's are device files that no driver answers for."""

import itertools
import re

from cluster import with_cgroups
from on_slurm import FINISH, OTHER, RUN

# Notes the node, the cards that the job is told and those that it can open, and when; computes on the CPU.
NOTE_CARDS = """
opened=""
for device in {devices}/gpu*; do
  (exec 3<$device) 2>&1 | grep -q 'not permitted' || opened+=${{device##*gpu}}
done
begun=$(date +%s.%N)
"$REAL" "$@" --gpus 0
code=$?
echo "$1 $2 $SLURMD_NODENAME $CUDA_VISIBLE_DEVICES $opened $begun $(date +%s.%N)" >>cards.txt
exit $code
"""


def test_every_training_sees_its_own_card_and_two_on_one_node_never_the_same(cluster, prepared, tmp_path):
    project = prepared.copy(tmp_path / "project")
    project.change_machine(gpus=1)
    project.before("tcclip", NOTE_CARDS.format(devices=cluster.folder / "devices"))
    # Both on one node; alone Slurm would give each its own.
    project.edit(
        "workflow/profiles/slurm/config.yaml",
        lambda c: c.update({"set-resources": {"train": {"slurm_extra": "'--nodelist=tc1'"}}}),
    )
    with project.started(*(f"runs/mini/{run}/metrics.json" for run in (RUN, OTHER))) as snakemake:
        assert snakemake.wait(timeout=FINISH) == 0, project.console()
    noted = [line.split() for line in (project.folder / "cards.txt").read_text().splitlines()]
    assert {(rule, run) for rule, run, *_ in noted} == set(itertools.product(("train", "evaluate"), (RUN, OTHER)))
    assert {node for _, _, node, *_ in noted} == {"tc1"}
    assert all(len(told.split(",")) == 1 for _, _, _, told, *_ in noted)
    # Where the others' are out of reach, each job is told that its card is the first one.
    cards = {(rule, run): opened if with_cgroups() else told for rule, run, _, told, opened, *_ in noted}
    assert sorted([cards["train", RUN], cards["train", OTHER]]) == ["0", "1"]
    assert all(cards["train", run] == cards["evaluate", run] for run in (RUN, OTHER))
    times = {run: (float(begun), float(ended)) for rule, run, *_, begun, ended in noted if rule == "train"}
    assert times[RUN][0] < times[OTHER][1] and times[OTHER][0] < times[RUN][1], "they did not run at the same time"
    for run in (RUN, OTHER):
        assert len(project.jobs_of(run)) == 1, "a training and its evaluation are one Slurm job"


def test_a_card_that_does_not_work_is_told(cluster, prepared, tmp_path):
    project = prepared.copy(tmp_path / "project")
    project.change_machine(gpus=1)
    with project.started(f"runs/mini/{RUN}/weights.safetensors", "--retries", "0") as snakemake:
        assert snakemake.wait(timeout=FINISH) == 1
    assert len(project.jobs_of(RUN)) == 1
    said = project.training_log()
    assert "1 GPU is asked for, and " in said and "--gpus 0` computes on the CPU" in said
    # Slurm has given the job a card; a torch that can use none does not look.
    assert re.search(r"CUDA_VISIBLE_DEVICES is '\d'|was built without CUDA", said)
