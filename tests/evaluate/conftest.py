from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.model.tiny_model import write_tiny

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache for each test: the developer's own is neither used nor filled."""
    monkeypatch.setenv("IMPROVD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A tiny bundle on disk; it knows the styles folk and rock."""
    return write_tiny(tmp_path / "models" / "tiny", card="")
