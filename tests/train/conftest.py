from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache for each test: the developer's own is neither used nor filled."""
    monkeypatch.setenv("IMPROVD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
