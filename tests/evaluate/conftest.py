from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from improvd.model import bundle as bundles
from tests.model.tiny_model import TINY, tiny_bundle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache for each test: the developer's own is neither used nor filled."""
    monkeypatch.setenv("IMPROVD_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A tiny bundle on disk; it knows the styles folk and rock."""
    tiny = tiny_bundle()
    path = tmp_path / "models" / "tiny"
    bundles.write(
        path,
        vocabulary=tiny.vocabulary,
        sizes=TINY,
        weights=tiny.weights,
        golden=tiny.golden,
        facts={},
        card="",
    )
    return path
