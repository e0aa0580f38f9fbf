"""A daemon, a page that serves it, and browsers that look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.page.browser import browser
from tests.page.daemon import Daemon
from tests.page.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.page.serving import Serving


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for all tests of a module; they open pages of their own."""
    with browser() as opened:
        yield opened


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    started = Daemon(tmp_path / "control.sock").start()
    yield started
    started.stop()


@pytest.fixture
def page(daemon: Daemon) -> Iterator[Serving]:
    with serving(daemon.path) as served:
        yield served
