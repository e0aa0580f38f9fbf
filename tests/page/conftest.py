"""A daemon, a page that serves it, and browsers that look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.page.daemon import Daemon
from tests.page.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.page.serving import Serving


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    started = Daemon(tmp_path / "control.sock").start()
    yield started
    started.stop()


@pytest.fixture
def page(daemon: Daemon) -> Iterator[Serving]:
    with serving(daemon.path) as served:
        yield served
