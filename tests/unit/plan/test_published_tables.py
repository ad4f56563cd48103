"""What a row and a column of the paper's tables are, by methods.md 4 to 9, written out a second time."""

from __future__ import annotations

from typing import Any

import pytest

from tcclip.params import Method
from tcclip.plan import load_plan
from tcclip.plan.cells import Average, Measured

PLAN = load_plan("paper")
FEW = (2, 4, 8, 16)
DEFAULT = {"vision": "context", "bias": True, "pos": "space", "text": "template", "look": ("none", None)}
TOKENS = {"selector": "cls_attention", "summarizer": "bipartite", "alpha": 0.3, "k": 96}
TC, PLAIN = {**DEFAULT, **TOKENS}, {**DEFAULT, "vision": "none", "bias": False}
VP = {"text": "coop", "look": ("prompts", "context")}
FROM_FRAMES = {"text": "coop", "look": ("prompts", "frames")}
ROWS: dict[str, dict[str, dict[str, Any]]] = {
    "table1": {
        "Baseline (no reference tokens)": PLAIN,
        "[CLS] tokens from all frames": {**PLAIN, "vision": "cls"},
        "Patch tokens from adjacent frames": {**PLAIN, "vision": "adjacent"},
        "Patch tokens from all frames": {**PLAIN, "vision": "all"},
        "Context tokens: K-means": {**TC, "summarizer": "kmeans"},
        "Context tokens: DPC-KNN": {**TC, "summarizer": "dpc_knn"},
        "Context tokens: bipartite soft matching": TC,
        "Context tokens: saliency-aware bipartite matching": {**TC, "summarizer": "bipartite_saliency"},
    },
    "table7": {
        "Baseline": PLAIN,
        "(a) + TC": TC,
        "(b) + VP": {**PLAIN, **FROM_FRAMES},
        "(c) + TC + VP": {**TC, **VP},
    },
    "table8a": {
        "Baseline": PLAIN,
        "No selection": {**TC, "selector": "none"},
        "Head-wise key norm": {**TC, "selector": "head_key_norm"},
        "Averaged key norm": {**TC, "selector": "key_norm"},
        "Head-wise CLS attention": {**TC, "selector": "head_cls_attention"},
        "Averaged CLS attention": TC,
        "Patch saliency": {**TC, "selector": "patch_saliency"},
        "ATS": {**TC, "selector": "ats"},
    },
    "table8b": {
        "Baseline": PLAIN,
        "No merge": {**TC, "summarizer": "none"},
        "Random merge": {**TC, "summarizer": "random"},
        "K-means": {**TC, "summarizer": "kmeans"},
        "DPC-KNN": {**TC, "summarizer": "dpc_knn"},
        "Bipartite soft matching": TC,
        "Bipartite with attention weights": {**TC, "summarizer": "bipartite_attention"},
        "Bipartite with saliency weights": {**TC, "summarizer": "bipartite_saliency"},
    },
    "table9a": {
        "Spatial embedding": {**TC, "bias": False},
        "Joint space-time embedding": {**TC, "pos": "joint", "bias": False},
        "Spatial embedding + bias": TC,
        "Joint embedding + bias": {**TC, "pos": "joint"},
    },
    "table9b": {str(alpha): {**TC, "alpha": alpha} for alpha in (0.2, 0.3, 0.4, 0.5, 0.6)},
    "table9c": {str(k): {**TC, "k": k} for k in (16, 32, 64, 96, 128)},
    "table10": {
        "Baseline": PLAIN,
        "(a) Learnable prompt vectors": {**PLAIN, "text": "coop"},
        "(b) Video-conditional prompting, [CLS] tokens": {**PLAIN, **FROM_FRAMES},
        "(c) Video-conditional prompting, context tokens": {**TC, **VP},
        "(d) Vision-text late fusion, context tokens": {**TC, "look": ("late", None)},
    },
}
THREE, TEST1 = ("test1", "test2", "test3"), ("test1",)
MEASURED: dict[str, dict[str, tuple[str, str, tuple[str, ...], tuple[int | None, ...]]]] = {  # data, metric, splits, K
    "table1": {name: (name, "top1", TEST1, (16,)) for name in ("hmdb51", "ucf101", "ssv2")},
    "table2": {
        "hmdb51": ("hmdb51", "top1", THREE, (None,)),
        "ucf101": ("ucf101", "top1", THREE, (None,)),
        "k600_top1": ("k600", "top1", THREE, (None,)),
        "k600_top5": ("k600", "top5", THREE, (None,)),
    },
    "table3": {f"{name}_k{k}": (name, "top1", TEST1, (k,)) for name in ("hmdb51", "ucf101", "ssv2") for k in FEW},
    "table5": {f"k400_{metric}": ("k400", metric, ("val",), (None,)) for metric in ("top1", "top5")},
    **{
        table: {name: (name, "top1", THREE, (None,)) for name in ("hmdb51", "ucf101", "k600")}
        for table in ("table7", "table10")
    },
    **{
        table: {name: (name, "top1", TEST1, FEW) for name in ("hmdb51", "ucf101", "ssv2")}
        for table in ("table8a", "table8b", "table9a", "table9b", "table9c")
    },
}
AVERAGED = {  # methods.md 10.3
    ("table2", "all_top1"): ("hmdb51", "ucf101", "k600_top1"),
    ("table3", "all_avg"): tuple(MEASURED["table3"]),
    ("table7", "all"): ("hmdb51", "ucf101", "k600"),
    ("table8a", "all"): ("hmdb51", "ucf101", "ssv2"),
    ("table8b", "all"): ("hmdb51", "ucf101", "ssv2"),
    ("table9a", "all"): ("hmdb51", "ucf101", "ssv2"),
    ("table9b", "all"): ("hmdb51", "ucf101", "ssv2"),
    ("table9c", "all"): ("hmdb51", "ucf101", "ssv2"),
    ("table10", "all"): ("hmdb51", "ucf101", "k600"),
    ("table4", "all_base"): ("k400_base", "hmdb51_base", "ucf101_base", "ssv2_base"),
    ("table4", "all_novel"): ("k400_novel", "hmdb51_novel", "ucf101_novel", "ssv2_novel"),
    **{("table4", f"{of}_hm"): (f"{of}_base", f"{of}_novel") for of in ("k400", "hmdb51", "ucf101", "ssv2")},
    ("table4", "all_hm"): ("all_base", "all_novel"),  # of the averages, not the mean of harmonic means
}


def parts_of(method: Method) -> dict[str, Any]:
    found = {
        "vision": method.vision.kind,
        "bias": getattr(method.vision, "bias", False),
        "pos": method.pos.kind,
        "text": method.text.kind,
        "look": (method.look.kind, getattr(method.look, "at", None)),
    }
    tc = method.tc
    of_tokens = (
        {"selector": tc.selector.kind, "summarizer": tc.summarizer.kind, "alpha": tc.alpha, "k": tc.k} if tc else {}
    )
    return found | of_tokens


@pytest.mark.parametrize("table", ROWS)
def test_a_row_of_an_ablation_is_what_its_name_says(table: str) -> None:
    methods = {cell.row: cell.method for cell in PLAN.cells[table] if cell.method}
    assert {row: parts_of(PLAN.method(name)) for row, name in methods.items()} == ROWS[table]


@pytest.mark.parametrize("table", MEASURED)
def test_a_column_is_measured_on_the_splits_and_shots_of_the_paper(table: str) -> None:
    measured = [cell for cell in PLAN.cells[table] if isinstance(cell.content, Measured)]
    assert {cell.column for cell in measured} == set(MEASURED[table])
    for cell in measured:
        data, metric, splits, shots = MEASURED[table][cell.column]
        asked = {(each.role, each.split, PLAN.run(each.run).shots) for each in cell.evaluations}
        if not PLAN.method(cell.method).train:
            shots = (None,)
        assert cell.content.metric == metric
        assert asked == {(data, split, k) for split in splits for k in shots}


@pytest.mark.parametrize(("table", "column"), AVERAGED)
def test_an_average_is_of_the_columns_that_the_paper_averages(table: str, column: str) -> None:
    found = [cell.content for cell in PLAN.cells[table] if cell.column == column and cell.content]
    assert found and all(isinstance(each, Average) and each.columns == AVERAGED[table, column] for each in found)
    assert {each.harmonic for each in found} == {column.endswith("_hm")}


@pytest.mark.parametrize("table", ["table2", "table7", "table10"])
def test_the_rows_of_a_weight_ensemble_are_those_of_the_group(table: str) -> None:
    for cell in PLAN.cells[table]:
        if isinstance(cell.content, Measured):
            assert {each.we for each in cell.evaluations} == {cell.group.startswith("weight ensemble")}
