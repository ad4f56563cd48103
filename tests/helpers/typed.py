"""Commands that a sentence advises, typed as they are printed."""

import re
import subprocess
from pathlib import Path


def commands(sentence: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", " ".join(sentence.split()))  # the console prints one line


def type_them(sentence: str, folder: Path) -> None:
    """Run every command of a sentence in `folder`; there must be one."""
    found = commands(sentence)
    assert found, sentence
    for command in found:
        subprocess.run(["bash", "-ec", command], cwd=folder, check=True)
