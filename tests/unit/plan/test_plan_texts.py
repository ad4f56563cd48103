"""Rows that need texts from outside are run where a suite uses these texts and a dataset has them."""

from collections import Counter
from pathlib import Path

from changed_params import with_params

from tcclip.plan import load_plan
from tcclip.plan.texts import kinds_needed
from tcclip.stages import evaluate, texts, train


def test_rephrased_names_are_used_only_when_the_suite_says_so(monkeypatch, tmp_path):
    assert not any("llm" in run for run in load_plan("paper").runs)
    plan = with_params(monkeypatch, tmp_path, suites__paper={"texts": ["rephrased"]})
    rephrased = Counter(run.protocol for run in plan.runs.values() if run.method == "tc_clip-llm")
    assert rephrased == {"zero_shot": 1, "few_shot": 2 * 4, "base_to_novel": 3 * 3}  # methods.md 12: SSv2 has none
    froster = Counter((run.protocol, run.method) for run in plan.runs.values() if run.method.startswith("froster"))
    own, common = "froster", "froster-common"
    assert froster == {
        ("zero_shot", own): 1,
        ("base_to_novel", own): 9,
        ("zero_shot", common): 1,
        ("few_shot", common): 2,
    }
    here = ("LLM text", "TC-CLIP", "ssv2_k2")
    cell = next(cell for cell in plan.cells["table3"] if (cell.group, cell.row, cell.column) == here)
    assert cell.evaluations[0].run == "few_shot-ssv2-k2-tc_clip-s1024"
    run = plan.run("zero_shot-k400-tc_clip-llm-s1024")
    assert (plan.protocol_for(run).micro_batch, plan.protocol_for(run).total_batch) == (2, 256)
    k400, k600 = (
        Path(f"data/splits/{name}.json") for name in ("k400/texts/rephrased-all", "k600/texts/rephrased-test1")
    )
    assert {k400, k600} <= set(texts.files(plan))
    assert k400 in train.depends_on(plan, run.name).inputs and k600 in evaluate.depends_on(plan, run.name).inputs


def test_maxi_s_row_is_quoted_until_the_words_of_the_trained_dataset_are_named(monkeypatch, tmp_path):
    here = ("weight ensemble, LLM text", "MAXI")
    row = [cell for cell in load_plan("paper").cells["table2"] if (cell.group, cell.row) == here]
    assert row and not any(cell.content for cell in row)
    k400 = {"texts": {"class_words": "~/maxi/class_words", "video_words": "~/maxi/video_words"}}
    only = {"tables": ["table2"]}
    plan = with_params(monkeypatch, tmp_path, suites__paper=only, datasets__k400=k400)
    run = "zero_shot-k400-maxi-s1024"
    assert all(cell.content for cell in plan.cells["table2"] if (cell.group, cell.row) == here)
    assert len(plan.evaluations(run)) == 9 and all(evaluation.we for evaluation in plan.evaluations(run))
    assert kinds_needed(plan)["k400"] == ["class_words", "video_words"]
    words = [Path(f"data/splits/k400/texts/{name}.json") for name in ("class_words-all", "video_words")]
    assert set(words) <= set(train.depends_on(plan, run).inputs)
    assert not set(words) & set(evaluate.depends_on(plan, run).inputs)  # what is tested needs no words
