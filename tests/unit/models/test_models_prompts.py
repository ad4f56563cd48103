from __future__ import annotations

import pytest
import torch
from small_models import backbone, small

from tcclip.errors import UserError
from tcclip.models import build
from tcclip.models.class_texts import class_prompts
from tcclip.models.tokens import end_positions, shared_prefix, token_rows, tokenizer
from tcclip.params import load_method

TABLE = {"run": [49406, 1000, 49407], "run far": [49406, 1000, 2000, 49407]}


def test_tc_clip_turns_camel_case_and_underscores_into_words() -> None:
    prompts = class_prompts(load_method("tc_clip"), ["ApplyEyeMakeup", "brush_hair", " tai  chi "])
    assert prompts == ["a photo of a Apply Eye Makeup.", "a photo of a brush hair.", "a photo of a tai chi."]


def test_the_baseline_keeps_underscores() -> None:
    assert class_prompts(load_method("vifi_clip"), ["Brush_hair"]) == ["a photo of a Brush_hair."]


def test_vanilla_clip_reads_the_bare_name() -> None:
    assert class_prompts(load_method("vanilla_clip"), ["YoYo"]) == ["Yo Yo"]


def test_a_name_with_braces_is_left_alone() -> None:
    assert class_prompts(load_method("vifi_clip"), ["{name}{x}"]) == ["a photo of a {name}{x}."]


def test_texts_in_the_table_need_no_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "open_clip.tokenizer", None)
    tokenizer.cache_clear()  # another test may have loaded it
    rows = token_rows(["run far", "run"], TABLE, 8)
    assert rows.tolist() == [[49406, 1000, 2000, 49407, 0, 0, 0, 0], [49406, 1000, 49407, 0, 0, 0, 0, 0]]
    assert end_positions(rows).tolist() == [3, 2]
    with pytest.raises(UserError, match="open_clip"):
        token_rows(["walk"], TABLE, 8)


def test_the_tokenizer_agrees_with_clip() -> None:
    assert token_rows(["a photo of a brush hair."], {}, 9).tolist() == [
        [49406, 320, 1125, 539, 320, 8594, 2225, 269, 49407]
    ]


def test_a_text_that_does_not_fit_is_refused_and_never_cut() -> None:
    with pytest.raises(UserError, match=r"'run far' has 4 tokens and text\.context_length is 3"):
        token_rows(["run", "run far"], TABLE, 3)


def test_a_long_name_fits_77_tokens_and_not_30_and_what_does_not_fit_77_is_refused_as_well() -> None:
    # names rephrased by a language model have up to 57 tokens; the start, the prompt, the stop and the end are 7 more
    long, too_long = " ".join(["walking"] * 57), " ".join(["walking"] * 71)
    method = {length: load_method("tc_clip", {"tc.k": 5, "text.context_length": length}) for length in (30, 77)}
    model = build(method[77], backbone(), ["run", long], 4)
    assert model.tokens.shape == (2, 64)
    assert end_positions(model.tokens).tolist() == [7, 63]
    short = build(method[30], backbone(), ["run"], 4)
    video = torch.randn(1, 4, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(model(video)[:, :1], short(video), atol=1e-5)
    with pytest.raises(UserError, match=r"has 64 tokens and text\.context_length is 30"):
        build(method[30], backbone(), ["run", long], 4)
    with pytest.raises(UserError, match=r"has 78 tokens and text\.context_length is 77"):
        build(method[77], backbone(), ["run", too_long], 4)


def test_a_class_name_that_does_not_fit_is_refused_by_build() -> None:
    with pytest.raises(UserError, match=r"text\.context_length"):
        build(load_method("tc_clip"), backbone(), ["walking " * 30], 4)


def test_the_shared_prefix_leaves_every_text_its_end() -> None:
    assert shared_prefix(token_rows(["run", "run far"], TABLE, 8)) == 2
    assert shared_prefix(token_rows(["run"], TABLE, 8)) == 2


@pytest.mark.parametrize("method", ["vanilla_clip", "vifi_clip", "tc_clip"])
def test_logits_of_a_class_do_not_depend_on_the_other_classes(method: str) -> None:
    model = small(method)
    alone = build(load_method(method, {"tc.k": 5, "tc.alpha": 0.5} if method == "tc_clip" else {}), backbone(),
                  ["brush_hair"], 4)  # fmt: skip
    video = torch.randn(2, 4, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(model(video)[:, 1:2], alone(video), atol=1e-5)


def test_a_prompt_with_too_few_words_for_the_prompt_vectors_is_refused() -> None:
    with pytest.raises(UserError, match=r"text\.n_ctx"):
        load_method("tc_clip", {"text.prompt": "a {name}."})
