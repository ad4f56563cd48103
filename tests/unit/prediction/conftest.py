"""Token ids without open_clip, whose tokenizer takes seconds to import."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tcclip.models import tokens


def ids(texts: Iterable[str]) -> dict[str, list[int]]:
    return {text: [49406, *(300 + sum(word.encode()) for word in text.split()), 49407] for text in texts}


@pytest.fixture
def toy_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one test: others of the same process have CLIP's."""
    monkeypatch.setattr(tokens, "tokenize", ids)
