"""Evaluation: which views of a video, scores over views, accuracies, and the files of a run's evaluations."""

from tcclip.evaluation.job import EvaluationJob
from tcclip.evaluation.run import evaluate
from tcclip.evaluation.subject import Subject

__all__ = ["EvaluationJob", "Subject", "evaluate"]
