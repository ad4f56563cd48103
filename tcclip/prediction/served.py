"""An exported model as MLflow serves it: a table with a column `video` in, the best class of each video out.

MLflow runs this file (models from code) where `mlflow.pyfunc.load_model` or `mlflow models predict` opens the model,
with a Python that has tcclip.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

import tcclip
from tcclip.errors import UserError
from tcclip.prediction.classes import typed_names
from tcclip.prediction.naming import named_videos
from tcclip.prediction.result import Prediction

TOP = 5  # classes that are told of each video


class VideoClassifier(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # MLflow asks for a class of its own kind
    """Class names for video files."""

    def load_context(self, context: Any) -> None:
        """Open the exported folder once."""
        self.model = tcclip.load(context.artifacts["model"], precision=None)  # the run's: the same on all machines

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """One line per video: video, class, probability, top5 (names, best first, joined by `; `), defect.

        model_input: column `video`, files on the machine that predicts; of no line comes none. `params`: `classes`,
        names joined by `, `, in the place of the training's.
        """
        asked = (params or {}).get("classes", "")
        paths = ["" if pd.isna(path) else str(path) for path in model_input["video"]]
        defects = [_defect(path) for path in paths]
        files = [path for path, defect in zip(paths, defects, strict=True) if not defect]
        told = iter(self.model.predict(files, typed_names(asked) or None, top=TOP) if files else [])
        found = [
            Prediction(path, defect=defect) if defect else next(told)
            for path, defect in zip(paths, defects, strict=True)
        ]
        return pd.DataFrame(
            {
                "video": [prediction.video for prediction in found],
                "class": [prediction.classes[0] if prediction.classes else "" for prediction in found],
                "probability": [prediction.probabilities[0] if prediction.classes else 0.0 for prediction in found],
                "top5": ["; ".join(prediction.classes) for prediction in found],
                "defect": [prediction.defect for prediction in found],
            }
        )


def _defect(path: str) -> str:
    """Why a line of the table is not one video; a folder or a list of some would make several lines of it."""
    if not path.strip():
        return "no file is named"
    try:
        named = named_videos([path])
    except UserError as error:
        return str(error)
    alone = [video.path for video in named] == [Path(path)]
    return "" if alone else f"has {len(named)} videos, and a line has one file"


mlflow.models.set_model(VideoClassifier())
