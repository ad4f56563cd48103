"""The vision side of a method: reference tokens, seed selection, summarising; what these keys cannot do together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from tcclip.errors import UserError
from tcclip.params.reader import Params

if TYPE_CHECKING:
    from tcclip.params.method import Method

Count = Annotated[int, Field(ge=1)]
FOURTH = 4  # the distance of infusing layers that `every_fourth` names


def _layers(*words: str) -> BeforeValidator:
    """Refuses, in one sentence, what is neither one of the words nor an ascending list of layers."""

    def check(value: Any) -> Any:
        numbers = isinstance(value, list) and value and all(isinstance(n, int) and n >= 1 for n in value)
        if value not in words and not (numbers and value == sorted(set(value))):
            raise ValueError(f"must be {', '.join(words)} or an ascending list of layers counted from 1")
        return value

    return BeforeValidator(check)


class Vision(Params):
    """How frames see each other."""

    ref: Literal["none", "cls", "adjacent", "all", "context"]  # reference tokens in every frame's keys (Table 1)
    edge: Literal["zero", "mask", "replicate"]  # what the first and last frame see where a neighbour is missing
    bias: bool  # learnable local/global attention bias in the layers that read reference tokens (Table 9a)
    layers_infuse: Annotated[
        Literal["all", "every_fourth"] | list[int], _layers("all", "every_fourth")
    ]  # layers that read reference tokens
    layers_summarise: Annotated[Literal["all"] | list[int], _layers("all")]  # layers that make context tokens


class Ats(Params):
    """Open choices of the selector ats."""

    doubles: Literal["replace", "keep"]  # levels that name a patch again: the heaviest others instead | a seed each


class Random(Params):
    """Open choices of the summarizer random."""

    form: Literal["groups", "pairs"]  # groups of equal sizes | matching whose pairs are random


class Saliency(Params):
    """Open choices of the summarizer bipartite_saliency."""

    over: Literal["frame", "video"]  # the patches among which a saliency becomes a weight


class KMeans(Params):
    """Open choices of the summarizer kmeans."""

    start: Literal["random", "strided"]  # first centres: seeds drawn without replacement | every n/k-th seed
    iterations: Count  # Lloyd's steps


class DpcKnn(Params):
    """Constants of the summarizer dpc_knn."""

    neighbours: Count  # a token's density is measured over so many, itself included
    noise: Annotated[float, Field(ge=0)]  # training only: uniform numbers up to this break ties of density


class TemporalContext(Params):
    """How a layer's context tokens are made."""

    selector: Literal[  # score that chooses the seed tokens (Table 8a)
        "none", "head_key_norm", "key_norm", "head_cls_attention", "cls_attention", "patch_saliency", "ats"
    ]
    head_wise: Literal["slices", "max"]  # head_*: a list of every head, seeds put together from slices | the best head
    summarizer: Literal[  # how seeds become context tokens (Table 8b)
        "none", "random", "kmeans", "dpc_knn", "bipartite", "bipartite_attention", "bipartite_saliency"
    ]
    alpha: Annotated[float, Field(gt=0, le=1)]  # share of a frame's patches taken as seeds (Table 9b)
    k: Count  # context tokens per video (Table 9c)
    r: Count  # tokens removed by one matching round, at most
    ats: Ats
    random: Random
    saliency: Saliency
    kmeans: KMeans
    dpc_knn: DpcKnn
    trace: bool  # evaluation keeps which patches the last context tokens are made of (Fig. 6)

    @property
    def slices(self) -> bool:
        """Whether a seed is put together from the slices of several patches."""
        return self.selector.startswith("head_") and self.head_wise == "slices"

    def seeds(self, patches: int) -> int:
        """Seeds of one frame, floor(alpha * N): 58 of 196 at alpha 0.3; all patches without selection."""
        return patches if self.selector == "none" else max(1, math.floor(self.alpha * patches + 1e-9))


def check_sections(vision: Vision, tc: TemporalContext | None) -> None:
    """Refuse, as a ValueError with both keys, what no backbone could run."""
    if vision.ref == "context" and tc is None:
        raise ValueError("vision.ref 'context' needs the section tc")
    if tc and tc.trace and tc.slices:
        raise ValueError(
            f"tc.trace true does not go with tc.selector '{tc.selector}': with tc.head_wise 'slices' a seed has no one "
            "patch as its source; set tc.head_wise 'max'"
        )
    if vision.ref == "all" and vision.bias:
        raise ValueError("vision.bias true does not go with vision.ref 'all': own and other frames share one attention")
    if vision.ref == "context" and tc and tc.slices and tc.summarizer in ("bipartite_attention", "bipartite_saliency"):
        raise ValueError(
            f"tc.summarizer '{tc.summarizer}' weighs patches, but with tc.head_wise 'slices' a seed of tc.selector "
            f"'{tc.selector}' has no one patch: set tc.head_wise 'max'"
        )


def infusing_layers(vision: Vision, layers: int) -> list[int]:
    """The layers, from 1, whose attention reads reference tokens; context tokens exist from layer 2 on."""
    first = 2 if vision.ref == "context" else 1
    if vision.ref == "none":
        return []
    if vision.layers_infuse == "all":
        return list(range(first, layers + 1))
    if vision.layers_infuse == "every_fourth":
        return list(range(FOURTH, layers + 1, FOURTH))
    return list(vision.layers_infuse)


def summarising_layers(vision: Vision, layers: int) -> list[int]:
    """The layers, from 1, that make context tokens for the next layer (and the last one for the text side).

    `all` are those whose tokens an infusing layer reads, and the last.
    """
    if vision.ref != "context":
        return []
    if vision.layers_summarise == "all":
        return sorted({number - 1 for number in infusing_layers(vision, layers)} - {0} | {layers})
    return list(vision.layers_summarise)


def check_method(method: Method, patches: int, frames: int, layers: int) -> None:
    """Refuse, as a UserError with both keys, a method that a backbone of these sizes cannot run.

    patches: N of one frame; frames: T of one view; layers: of the vision tower.
    """
    check_layers(method, layers)
    if method.vision.ref != "context" or method.tc is None:
        return
    tc, seeds = method.tc, method.tc.seeds(patches) * frames
    source = "all" if tc.selector == "none" else f"tc.alpha {tc.alpha} of"
    if tc.summarizer != "none" and tc.k > seeds:
        raise UserError(
            f"method {method.name}: tc.k = {tc.k} is more than the {seeds} seed tokens of a video ({source} {patches} "
            f"patches in each of {frames} frames): lower tc.k or raise tc.alpha"
        )
    if tc.summarizer == "dpc_knn" and tc.dpc_knn.neighbours > seeds:
        raise UserError(
            f"method {method.name}: tc.dpc_knn.neighbours = {tc.dpc_knn.neighbours} is more than the {seeds} seed "
            f"tokens of a video ({source} {patches} patches a frame): lower tc.dpc_knn.neighbours or raise tc.alpha"
        )


def check_layers(method: Method, layers: int) -> None:
    """Refuse, as a UserError, layers that the tower has not and layers that would read context nobody has made."""
    vision = method.vision
    infuse, summarise = infusing_layers(vision, layers), summarising_layers(vision, layers)
    for key, numbers in (("vision.layers_infuse", infuse), ("vision.layers_summarise", summarise)):
        if numbers and numbers[-1] > layers:
            raise UserError(f"method {method.name}: {key} names layer {numbers[-1]}, the backbone has {layers}")
    if not infuse and vision.ref != "none":
        raise UserError(
            f"method {method.name}: vision.layers_infuse '{vision.layers_infuse}' is no layer of a backbone with "
            f"{layers}, so vision.ref '{vision.ref}' has no effect: name a layer"
        )
    unfed = [number for number in infuse if number - 1 not in summarise] if vision.ref == "context" else []
    if unfed:
        raise UserError(
            f"method {method.name}: vision.layers_infuse has layer {unfed[0]}, but layer {unfed[0] - 1} is not in "
            "vision.layers_summarise; context tokens last for one layer, so name the layer before"
        )
    if method.text.looks_at == "context" and layers not in summarise:
        raise UserError(
            f"method {method.name}: text.mode '{method.text.mode}' looks at the context tokens of the last layer, "
            f"which is not in vision.layers_summarise: add layer {layers}"
        )
