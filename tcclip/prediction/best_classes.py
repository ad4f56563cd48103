"""From a video's numbers to what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

from tcclip.data.clips.views import views_of
from tcclip.params.protocol import Views
from tcclip.prediction.long_lists import VideoOutcome
from tcclip.prediction.naming import NamedVideo
from tcclip.prediction.result import Prediction, prediction


def said(
    video: NamedVideo, row: VideoOutcome, names: Sequence[str], views: Views, combine: str, top: int | None
) -> Prediction:
    """The best classes of a video, or why it has none."""
    if row.numbers is None:
        return Prediction(video.shown, defect=row.defect)
    return prediction(video.shown, row.numbers, names, len(views_of(views)), combine, top, row.defect)
