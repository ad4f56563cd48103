"""An exported model as MLflow serves it: a table with a column `video` in, the best class of each video out.

MLflow runs this file (models from code) where `mlflow.pyfunc.load_model` or `mlflow models predict` opens the model,
with a Python that has tcclip.
"""

from __future__ import annotations

from typing import Any

import mlflow
import pandas as pd

import tcclip
from tcclip.prediction.classes import typed_names

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
        paths = [str(path) for path in model_input["video"]]
        found = self.model.predict(paths, typed_names(asked) or None, top=TOP) if paths else []
        return pd.DataFrame(
            {
                "video": [prediction.video for prediction in found],
                "class": [prediction.classes[0] if prediction.classes else "" for prediction in found],
                "probability": [prediction.probabilities[0] if prediction.classes else 0.0 for prediction in found],
                "top5": ["; ".join(prediction.classes) for prediction in found],
                "defect": [prediction.defect for prediction in found],
            }
        )


mlflow.models.set_model(VideoClassifier())
