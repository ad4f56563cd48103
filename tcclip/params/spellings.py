"""Other spellings of a method's keys: names of one choice that sets several, and names that keys had before."""

from __future__ import annotations

from typing import Any

from tcclip.params.kinds.axes import AXES
from tcclip.params.kinds.axis import spelled
from tcclip.params.reader import merge

# `text.mode` names a text and how it looks at the video in one word.
TEXT_MODES: dict[str, tuple[str, Any]] = {
    "name": ("name", "none"),
    "template": ("template", "none"),
    "coop": ("coop", "none"),
    "vp_cls": ("coop", {"kind": "prompts", "at": "frames"}),
    "vp_ctx": ("coop", {"kind": "prompts", "at": "context"}),
    "late_fusion": ("template", "late"),
}


def spelled_out(content: dict[str, Any]) -> dict[str, Any]:
    """One file's or one override's content in the one spelling in which contents are put over each other.

    Bare names of kinds become mappings; `vision.ref`, `text.mode`, `text.late_prompts`, `tc.saliency` are resolved, and
    so are the names of before they were axes: `temporal_head`, `sampling: tsn`, `recipe.loss`; and `micro_batch`, which
    is one of a method's own values of a protocol.
    """
    return _kinds_as_mappings(_present_names(content))


def _kinds_as_mappings(content: dict[str, Any]) -> dict[str, Any]:
    sections = {key: _kinds_as_mappings(value) if isinstance(value, dict) else value for key, value in content.items()}
    return {key: spelled(value) if key in AXES else value for key, value in sections.items()}


def _present_names(content: dict[str, Any]) -> dict[str, Any]:
    content = dict(content)
    if isinstance(vision := content.get("vision"), dict) and "ref" in vision:
        content["vision"] = {"kind": vision["ref"], **_without(vision, "ref")}
    if isinstance(text := content.get("text"), dict):
        late_prompts = text.get("late_prompts", False)
        text = _without(text, "late_prompts")
        if "mode" in text:
            mode = text.pop("mode")
            text["kind"], content["look"] = TEXT_MODES.get(mode, (mode, "none"))
        if late_prompts:
            text["kind"] = "coop"
        content["text"] = text
    if isinstance(tc := content.get("tc"), dict) and "trace" in tc:  # it changed no result
        content["tc"] = _without(tc, "trace")
    if isinstance(tc := content.get("tc"), dict) and "saliency" in tc:
        content["tc"] = {**_without(tc, "saliency"), "bipartite_saliency": tc["saliency"]}
    if isinstance(sizes := content.pop("micro_batch", None), dict):
        own = {protocol: {"micro_batch": size} for protocol, size in sizes.items()}
        content["protocols"] = merge(own, content.get("protocols") or {})
    if "temporal_head" in content:
        content["pool"] = content.pop("temporal_head")
    if content.get("sampling") == "tsn":
        content["sampling"] = "segments"
    if isinstance(recipe := content.get("recipe"), dict) and "loss" in recipe:
        content["recipe"] = {"objective": recipe["loss"], **_without(recipe, "loss")}
    return content


def _without(section: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in section.items() if name != key}
