"""MLflow as a view of the run folders: `store` makes the database, `loader` fills it, `ui` opens it.

mlflow is imported inside the functions, because it takes seconds.
"""

from tcclip.tracking.loader import load_runs
from tcclip.tracking.store import create_store
from tcclip.tracking.ui import open_ui

__all__ = ["create_store", "load_runs", "open_ui"]
