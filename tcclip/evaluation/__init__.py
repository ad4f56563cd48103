"""Evaluation: which views of a video, scores over views, accuracies, and the files of a run's evaluations."""

from tcclip.evaluation.run import EvaluationJob, SplitJob, evaluate

__all__ = ["EvaluationJob", "SplitJob", "evaluate"]
