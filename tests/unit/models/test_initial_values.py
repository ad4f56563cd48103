"""First values of new weights: by rules on names, each from a stream of its own."""

import pytest
import torch

from tcclip.models.initial_values import constant, drawn, normal, uniform_by_inputs, xavier_uniform

SHAPES = {
    name: torch.Size(shape)
    for name, shape in {
        "own.table": (9, 64),
        "own.attn.in_proj_weight": (192, 64),
        "own.attn.in_proj_bias": (192,),
        "own.mlp.c_fc.weight": (256, 64),
        "own.mlp.c_fc.bias": (256,),
        "own.mlp.c_proj.weight": (64, 256),
        "own.mlp.c_proj.bias": (64,),
        "own.ln_1.weight": (64,),
        "own.ln_1.bias": (64,),
    }.items()
}
RULES = {
    "table": normal(0.02),
    "in_proj_weight": xavier_uniform,
    "in_proj_bias": constant(0),
    ".weight": uniform_by_inputs,
    ".bias": uniform_by_inputs,
}


def test_the_first_rule_that_ends_a_name_fills_it():
    values = drawn({"ln_1.weight": constant(1), "ln_1.bias": constant(0)} | RULES)(SHAPES, {}, 0)
    assert {name: tensor.shape for name, tensor in values.items()} == SHAPES
    assert values["own.table"].std().item() == pytest.approx(0.02, rel=0.1)
    assert not values["own.attn.in_proj_bias"].any()
    bounds = {"attn.in_proj_weight": (6 / 256) ** 0.5, "mlp.c_fc.weight": 1 / 8, "mlp.c_fc.bias": 1 / 8}
    bounds |= {"mlp.c_proj.weight": 1 / 16, "mlp.c_proj.bias": 1 / 16}  # a bias by the inputs of its matrix
    for name, bound in bounds.items():
        assert 0.9 * bound < values[f"own.{name}"].abs().max().item() <= bound, name


def test_norms_start_as_identity_where_no_rule_is_for_them():
    shapes = {name: SHAPES[name] for name in ("own.ln_1.weight", "own.ln_1.bias", "own.table")}
    values = drawn({"table": normal(1)})(shapes, {}, 0)
    assert values["own.ln_1.weight"].eq(1).all() and values["own.ln_1.bias"].eq(0).all()


def test_a_weight_without_a_rule_is_an_error():
    with pytest.raises(KeyError, match=r"no rule says how own\.attn\.in_proj_weight starts"):
        drawn({"table": normal(1)})(SHAPES, {}, 0)


def test_no_other_weight_moves_a_first_value():
    alone = drawn(RULES)({"own.table": SHAPES["own.table"]}, {}, 0)
    assert alone["own.table"].equal(drawn(RULES)(SHAPES, {}, 0)["own.table"])


def test_a_seed_draws_values_of_its_own_and_the_same_ones_again():
    of_seeds = [drawn(RULES)(SHAPES, {}, seed)["own.table"] for seed in (1024, 1025, 1024)]
    assert of_seeds[0].equal(of_seeds[2]) and not of_seeds[0].equal(of_seeds[1])
    assert torch.corrcoef(torch.stack([value.flatten() for value in of_seeds]))[0, 1].abs() < 0.2
