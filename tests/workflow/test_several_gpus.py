"""The rule's resource `gpu` decides how many processes train and evaluate; without GPUs they use the CPU."""

import json

import pandas as pd


def test_the_resource_gpu_starts_as_many_processes_and_their_number_makes_no_result_stale(project):
    def micro_batches_of_two(content):
        content["protocols"]["few_shot"]["micro_batch"] = 2  # two processes can share a step of four videos

    project.edit("params/suites/mini.yaml", micro_batches_of_two)
    run = project.folder / "runs/mini/few_shot-ucf101-k2-tc_clip-s1024"
    two = ("--set-resources", "train:gpu=2", "evaluate:gpu=2")
    project.snakemake(f"{run.relative_to(project.folder)}/metrics.json", *two)
    assert json.loads((run / "environment.json").read_text())["processes"] == 2
    (evaluation,) = json.loads((run / "metrics.json").read_text())["evaluations"].values()
    (predictions,) = (run / "predictions").glob("*.parquet")
    videos = pd.read_parquet(predictions)["video"]
    assert videos.is_unique and len(videos) == evaluation["n_videos"] == evaluation["listed"]
    assert not project.jobs(f"{run.relative_to(project.folder)}/metrics.json")

    project.edit("params/suites/mini.yaml", lambda content: content["machine"].update(gpus=1))
    assert project.jobs(f"{run.relative_to(project.folder)}/metrics.json")  # a GPU instead of the CPU does
