"""MLflow as a view of the run folders: `store` makes the database, `loader` fills it, `ui` opens it, `live` adds to it.

mlflow is imported inside the functions, because it takes seconds; no training imports it.
"""
