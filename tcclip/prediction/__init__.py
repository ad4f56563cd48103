"""Using a model on any videos and class names, by the code that evaluates; folders of it that need no checkout."""

from tcclip.prediction.model import Model, load
from tcclip.prediction.result import Prediction

__all__ = ["Model", "Prediction", "load"]
