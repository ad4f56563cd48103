"""What a method trains: parts of the model, at rates of their own, with decay on all weights or on matrices."""

import json
from pathlib import Path

import pytest
import torch
from small_models import small
from tiny_world import make_world, training_job, weights

from tcclip.errors import UserError
from tcclip.models import Backbone, ensemble, load_canonical
from tcclip.models.canonical import TOKEN_TABLE
from tcclip.params import load_method
from tcclip.training import train
from tcclip.training.optimizer import make_optimizer
from tcclip.training.setup import prepare
from tcclip.training.trained import learning_of, parts_of

SMALL = {"tc.k": 4, "tc.alpha": 0.25}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


def tc_clip(train):
    return load_method("tc_clip", {**SMALL, "train": train})


def test_weights_are_of_clips_towers_of_its_scale_and_of_what_kinds_add():
    parts = parts_of(small("tc_clip"))
    assert set(parts.values()) == {"vision", "text", "logit_scale", "exchange", "look", "prompts"}
    assert parts["visual.proj"] == "vision" and parts["text_projection"] == "text"
    assert parts["tc.1.local_global_bias"] == "exchange" and parts["vp.prompt_vectors"] == "prompts"


def test_by_default_everything_is_trained_in_the_two_groups_of_the_paper():
    model, method = small("tc_clip"), load_method("tc_clip")
    learning, everything = learning_of(model, method), dict(model.named_parameters())
    assert (dict(learning.trained), learning.factors, learning.undecayed) == (everything, {}, frozenset())
    old, new = make_optimizer(everything, method.recipe.optimizer, model.new_names).param_groups
    assert [id(p) for p in old["params"]] == [id(p) for n, p in everything.items() if n not in model.new_names]
    assert [id(p) for p in new["params"]] == [id(p) for n, p in everything.items() if n in model.new_names]
    assert (old["factor"], new["factor"], old["weight_decay"], new["weight_decay"]) == (1.0, 10, 1e-3, 1e-3)


@pytest.mark.parametrize(
    ("method", "new"),
    [
        ("vifi_clip", ()),
        ("tc_only", ()),  # attention biases learn at the base rate (methods.md 1.5)
        ("tc_clip", ("vp",)),
        ("tc_clip-ordered", ("vp",)),
        ("tc_clip-late_fusion", ("vp",)),
        ("x_clip", ("message", "mit", "prompt")),
        ("action_clip", ("transf",)),
        ("a5", ("prompt_table", "temporal")),
    ],
)
def test_the_rate_of_what_is_new_is_for_the_parts_that_the_authors_give_it(method, new):
    model = small(method, SMALL if method.startswith("tc") else {})
    names = dict(model.named_parameters())
    assert model.new_names == {name for name in names if name.partition(".")[0] in new}
    assert set(new) <= {name.partition(".")[0] for name in names}


def test_parts_that_are_not_trained_get_no_gradient_and_are_saved_as_they_are(world):
    job = training_job(world, "some", method=tc_clip({"parts": ["look", "prompts", "exchange"]}))
    before = {name: p.detach().clone() for name, p in prepare(job).parameters.items()}
    train(job)
    after = weights(job)
    assert after.keys() == before.keys()
    changed = {name for name in before if not after[name].equal(before[name])}
    assert {"vp.prompt_vectors", "tc.1.local_global_bias"} <= changed
    assert all(name.startswith(("vp.", "tc.")) for name in changed)
    told = json.loads((job.folder / "training.json").read_text())["parameters"]
    assert told["trained"] == sum(p.numel() for name, p in before.items() if name.startswith(("vp.", "tc.")))


@pytest.mark.parametrize("parts", ["all", ["vision"]])
def test_the_token_table_is_a_weight_where_the_method_trains_it(world, parts):
    job = training_job(world, f"table-{parts == 'all'}", method=tc_clip({"token_table": True, "parts": parts}))
    setup, clip = prepare(job), Backbone.load(job.backbone).tensors
    assert (
        parts_of(setup.model)[TOKEN_TABLE] == "text"
        and setup.parameters[TOKEN_TABLE].data_ptr() != clip[TOKEN_TABLE].data_ptr()
    )
    groups = {id(p): group["factor"] for group in setup.optimizer.param_groups for p in group["params"]}
    assert groups[id(setup.parameters[TOKEN_TABLE])] == 1.0
    train(job)
    after = weights(job)
    words = setup.model.tokens.unique().tolist()
    unread = [row for row in range(1000) if row not in words]
    assert not torch.allclose(after[TOKEN_TABLE][words], clip[TOKEN_TABLE][words], rtol=1e-3)
    assert torch.allclose(after[TOKEN_TABLE][unread], clip[TOKEN_TABLE][unread], rtol=1e-3)  # decay alone
    mixed = ensemble(clip, after, 0.7)
    assert torch.allclose(mixed[TOKEN_TABLE], 0.3 * clip[TOKEN_TABLE] + 0.7 * after[TOKEN_TABLE])
    load_canonical(setup.model, after, trained_only=True)
    assert torch.equal(setup.model.token_embedding.weight, after[TOKEN_TABLE])


def test_a_part_has_a_rate_of_its_own_and_decay_may_be_on_matrices_alone(world):
    chosen = {"parts": ["vision", "look"], "lr_factor": {"look": 3, "vision": 0.5}, "decay": "matrices"}
    setup = prepare(training_job(world, "rates", method=tc_clip(chosen)))
    of = {id(p): name for name, p in setup.parameters.items()}
    parts, seen = parts_of(setup.model), set()
    for group in setup.optimizer.param_groups:
        for p in group["params"]:
            seen.add(parts[of[id(p)]])
            assert group["factor"] == chosen["lr_factor"][parts[of[id(p)]]]
            assert group["weight_decay"] == (1e-3 if p.ndim >= 2 else 0.0)
    assert seen == {"vision", "look"}


@pytest.mark.parametrize(
    ("decay", "spared"),
    [
        ("all", lambda name, weight: False),
        ("matrices", lambda name, weight: weight.ndim < 2),
        ("no_vectors", lambda name, weight: weight.ndim == 1),  # the scale, a number, decays
        ("no_positions", lambda name, weight: weight.ndim < 2 or name.endswith("positional_embedding")),
    ],
)
def test_weights_are_spared_from_decay_by_their_dimensions_or_their_place(decay, spared):
    model = small("vifi_clip")
    learning = learning_of(model, load_method("vifi_clip", {"train": {"decay": decay}}))
    assert learning.undecayed == {name for name, weight in model.named_parameters() if spared(name, weight)}
    assert dict(model.named_parameters())["logit_scale"].ndim == 0


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"parts": ["visoin"]}, "no part of a model is called 'visoin': did you mean 'vision'?"),
        ({"lr_factor": {"loook": 10}}, "no part of a model is called 'loook': did you mean 'look'?"),
        ({"part": ["vision"]}, "unknown key 'train.part': did you mean 'parts'?"),
        ({"parts": []}, "train.parts: nothing would be trained"),
    ],
)
def test_a_part_that_no_model_has_is_refused_with_the_nearest(chosen, sentence):
    with pytest.raises(UserError) as refused:
        tc_clip(chosen)
    assert sentence in str(refused.value)


def test_a_part_that_this_model_lacks_is_refused_with_those_it_has():
    method = load_method("vifi_clip", {"train": {"parts": ["vision", "look"]}})
    with pytest.raises(UserError, match=r"train.parts names look, and no kind .*: allowed: text, logit_scale, vision"):
        learning_of(small("vifi_clip"), method)
