"""All of these import python-osc. Where it is missing, `test_there` alone says so, or fails where all is required."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

if find_spec("pythonosc") is None:
    collect_ignore = [path.name for path in Path(__file__).parent.glob("test_*.py") if path.stem != "test_there"]
