"""Which texts fit into CLIP's 77 tokens with the words that the methods write around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

PLACES = 77  # of CLIP's text tower
ENDS = 2  # start and end

# Kind -> the longest prompt that a published method makes of a class's short name and one text (systems/*.md).
FORMS: Mapping[str, Callable[[str, str], str]] = {
    "rephrased": lambda name, text: f"a demonstration of a person practicing {text.partition(':')[0]}. {text}",
    "spatial": lambda name, text: f"This is a video about {text}",
    "temporal": lambda name, text: f"A video of {name} usually includes {text}",
    "class_words": lambda name, text: f"a photo of a {name}. {text}.",
}


def too_long(form: str, texts: Sequence[tuple[str, str]]) -> dict[int, int]:
    """Position -> tokens of the (class name, text) that do not fit with the prompt around them.

    CLIP's tokenizer, which takes seconds to load, is asked only for texts of more bytes than there are places: a token
    has at least one.
    """
    prompts = {place: FORMS[form](*pair) for place, pair in enumerate(texts)}
    unsure = {place: prompt for place, prompt in prompts.items() if len(prompt.encode()) + ENDS > PLACES}
    if not unsure:
        return {}
    from tcclip.models.tokens import tokenize

    ids = tokenize(dict.fromkeys(unsure.values()))
    return {place: len(ids[prompt]) for place, prompt in unsure.items() if len(ids[prompt]) > PLACES}
