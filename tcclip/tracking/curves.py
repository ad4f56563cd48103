"""What a run's files and its live entry have in common, so that both name and value things alike. Imports no pandas."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tcclip.stages.declared import flat

NOT_CURVES = ("epoch", "step")  # columns of history.csv
NOT_PARAMS = ("run", "suite", "method_name", "code_fingerprint", "data_fingerprint")  # of params.yaml: told by tags
LONGEST_PARAM = 6000  # characters that MLflow takes


def params_shown(params: Mapping[str, Any]) -> dict[str, str]:
    """params.yaml as MLflow's params: dotted names, without what tags tell."""
    return {k: str(v)[:LONGEST_PARAM] for k, v in flat(dict(params)).items() if k not in NOT_PARAMS and v is not None}


def training_key(params: Mapping[str, Any]) -> str:
    """Hash of a training's params and fingerprints without how it uses its machine: what may continue one entry."""
    content = {name: value for name, value in params.items() if name != "machine"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
