"""Below a table stands by whose recipe its rows are trained, and which papers its quoted numbers are from."""

from tcclip.plan import load_plan
from tcclip.reporting.row_sources import printed_from, recipes


def test_quoted_rows_name_the_paper_that_they_are_from() -> None:
    said = printed_from(load_plan("paper"), "table3")
    assert said.startswith(
        "The paper's numbers: Vanilla CLIP, ActionCLIP, A5, X-CLIP, ViFi-CLIP from ViFi-CLIP's paper; "
    )
    assert said.endswith("OST from its own paper; all others are its own runs.")
    assert "A5, X-CLIP, Vita-CLIP, Open-VCLIP, MAXI, OST, FROSTER from their own papers" in printed_from(
        load_plan("paper"), "table2"
    )


def test_a_suite_that_quotes_nothing_says_nothing_of_it() -> None:
    assert printed_from(load_plan("mini"), "table3") == ""


def test_a_table_of_one_recipe_needs_no_sentence() -> None:
    assert recipes(load_plan("mini"), "table9c") == recipes(load_plan("mini"), "fair") == ""


def test_a_table_of_several_recipes_says_whose_each_row_is_trained_by() -> None:
    assert recipes(load_plan("mini"), "table3") == (
        "Recipes: the paper's common recipe: ActionCLIP, ViFi-CLIP, TC-CLIP; its authors' own: A5, X-CLIP, OST."
    )
