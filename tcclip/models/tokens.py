"""Texts -> rows of token ids, from the backbone's table or, for a text that is not in it, from CLIP's tokenizer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from tcclip.errors import UserError
from tcclip.models.canonical import END, START


def tokenize(texts: Iterable[str]) -> dict[str, list[int]]:
    """Token ids of each text with start and end, without padding or cutting; imports open_clip."""
    try:
        encode = tokenizer()
    except ImportError as error:
        raise UserError(
            f"the text '{next(iter(texts))}' is not in the backbone's tokens.json and open_clip, which could "
            "tokenise it, is not installed: pip install open_clip_torch"
        ) from error
    return {text: [START, *encode(text), END] for text in texts}


@functools.cache
def tokenizer() -> Callable[[str], list[int]]:
    """CLIP's tokenizer, which takes seconds to load; ImportError without open_clip."""
    from open_clip.tokenizer import SimpleTokenizer

    encode: Callable[[str], list[int]] = SimpleTokenizer().encode
    return encode


def known_tokens(texts: Iterable[str], table: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Token ids of texts, with start and end: from the table or, for those that are not in it, from the tokenizer."""
    wanted = list(texts)
    missing = [text for text in wanted if text not in table]
    made = tokenize(missing) if missing else {}
    return {text: made[text] if text in made else table[text] for text in wanted}


def token_rows(texts: Sequence[str], table: Mapping[str, list[int]], context_length: int, beside: int = 0) -> Tensor:
    """Token ids (C, context_length) int64, padded with 0. A text that does not fit is a UserError, it is never cut.

    beside: places of a text that learned vectors take, which have no tokens here.
    """
    known = known_tokens(texts, table)
    rows = torch.zeros(len(texts), context_length, dtype=torch.int64)
    for row, text in zip(rows, texts, strict=True):
        ids = known[text]
        if len(ids) > context_length - beside:
            vectors = f", of which {beside} are learned vectors" if beside else ""
            raise UserError(
                f"the text '{text}' has {len(ids)} tokens and text.context_length is {context_length}{vectors}: "
                "raise it in the method's file (77 at most) or shorten the class name"
            )
        row[: len(ids)] = torch.tensor(ids)
    return rows


def joined(texts: Sequence[Sequence[int]]) -> list[int]:
    """The token ids of texts that a blank joins to one, without padding; CLIP's words never go across a blank."""
    inside = (text[1 : text.index(END)] for text in texts)
    return [START, *(token for text in inside for token in text), END]


def padded(texts: Sequence[Sequence[int]]) -> Tensor:
    """Rows (C, L) int64 of token ids, padded with 0 to the longest."""
    rows = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.int64)
    for row, ids in zip(rows, texts, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    return rows


def end_positions(rows: Tensor) -> Tensor:
    """Position of [EOT] in each row, (C,) int64; it is the largest id."""
    return rows.argmax(dim=-1)


def shared_prefix(rows: Tensor) -> int:
    """How many leading tokens all rows have in common; every row keeps at least its [EOT] outside of it."""
    same = (rows == rows[:1]).all(dim=0).long()
    return min(int(same.cumprod(dim=0).sum()), int(end_positions(rows).min()))
