"""The few calls of MLflow's REST interface that a running training needs.

Why not the mlflow library, which the loader uses (`mlflow_api`): it takes 170 MB and 3 s beside every training, and a
training needs no mlflow (design.md, rule 5.7). Why not REST everywhere: a sqlite file or a PostgreSQL database has no
server to ask.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import requests

from tcclip.tracking.entry import Point

TIMEOUT = 30.0  # seconds that an answer may take
NO_CONNECTION = "QueuePool limit"  # of a busy server's database; MLflow answers it like a bad request
Answer = dict[str, Any]
NOTHING: Mapping[str, str] = MappingProxyType({})


class RejectedError(Exception):
    """The server does not want what it was sent; sending it again would not help."""


class Server:
    """An MLflow server; who asks is told by MLflow's own environment variables, as MLflow's client does."""

    def __init__(self, address: str, environment: Mapping[str, str] = os.environ) -> None:
        self._base = f"{address.rstrip('/')}/api/2.0/mlflow/"
        self._session = requests.Session()
        user, password = (environment.get(f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
        if user and password:
            self._session.auth = (user, password)
        elif token := environment.get("MLFLOW_TRACKING_TOKEN"):
            self._session.headers["Authorization"] = f"Bearer {token}"
        if environment.get("MLFLOW_TRACKING_INSECURE_TLS") == "true":
            self._session.verify = False
        elif certificate := environment.get("MLFLOW_TRACKING_SERVER_CERT_PATH"):
            self._session.verify = certificate

    def ask(self, name: str, seconds: tuple[float, float]) -> requests.Response:
        """The raw answer to the question for an experiment; at most so many seconds to connect, and between bytes."""
        query, call = {"experiment_name": name}, "experiments/get-by-name"
        return self._session.get(self._base + call, params=query, timeout=seconds, stream=True)

    def post(self, call: str, body: Answer) -> Answer:
        """POST `call`; raises requests.RequestException where it may help to try again, and RejectedError elsewhere."""
        return self._answer(self._session.post(self._base + call, json=body, timeout=TIMEOUT))

    def get(self, call: str, query: dict[str, Any]) -> Answer:
        """GET `call`, with the errors of `post`."""
        return self._answer(self._session.get(self._base + call, params=query, timeout=TIMEOUT))

    def experiment(self, name: str, tags: dict[str, str]) -> str:
        """The id of an experiment; of several processes that make it at once, one does and the others find it."""
        try:
            return str(self.get("experiments/get-by-name", {"experiment_name": name})["experiment"]["experiment_id"])
        except RejectedError:
            pass
        try:
            return str(self.post("experiments/create", {"name": name, "tags": pairs(tags)})["experiment_id"])
        except RejectedError:
            found = self.get("experiments/get-by-name", {"experiment_name": name})
            return str(found["experiment"]["experiment_id"])

    def search(self, experiment: str, condition: str) -> list[Answer]:
        """The entries of an experiment that fulfil a condition, newest first."""
        body = {"experiment_ids": [experiment], "filter": condition, "max_results": 100}
        return list(self.post("runs/search", body).get("runs", []))

    def log_batch(
        self, run_id: str, params: Mapping[str, str], points: Sequence[Point] = (), tags: Mapping[str, str] = NOTHING
    ) -> None:
        """One batch (`entry.batches`) for an entry."""
        metrics = [dict(zip(("key", "value", "timestamp", "step"), point, strict=True)) for point in points]
        body = {"run_id": run_id, "params": pairs(params), "metrics": metrics, "tags": pairs(tags)}
        self.post("runs/log-batch", body)

    def history(self, run_id: str, metric: str) -> list[Answer]:
        """All points of one curve."""
        found: list[Answer] = []
        query: dict[str, Any] = {"run_id": run_id, "metric_key": metric, "max_results": 20000}
        while True:
            page = self.get("metrics/get-history", query)
            found += page.get("metrics", [])
            if not page.get("next_page_token"):
                return found
            query["page_token"] = page["next_page_token"]

    @staticmethod
    def _answer(response: requests.Response) -> Answer:
        code = response.status_code
        if code in (408, 429) or code >= 500 or (code == 400 and NO_CONNECTION in response.text):
            response.raise_for_status()
        if code >= 400:
            raise RejectedError(f"{code}: {response.text[:500]}")
        answer: Answer = response.json()
        return answer


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """A mapping as MLflow's list of keys and values."""
    return [{"key": key, "value": value} for key, value in values.items()]
