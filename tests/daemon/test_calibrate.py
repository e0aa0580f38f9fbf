"""Calibrating without a loop: what is said where nothing comes back, or nothing is there. With one: tests/jack."""

from __future__ import annotations

import sys

import pytest

from improvd.config.systems import NULL
from improvd.core.events import Seconds
from improvd.daemon.calibrate import measure
from improvd.daemon.messages import OpenPorts
from improvd.errors import MidiError
from tests.daemon.running import environment


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])


def order(api: str) -> OpenPorts:
    return OpenPorts(api, (), "", "separate", Seconds(0.05), Seconds(12.0), ())


def test_where_nothing_is_heard_there_are_no_delays() -> None:
    assert measure(order(NULL), 0, 1) == []


def test_what_is_missing_is_said() -> None:
    with pytest.raises(MidiError, match="no MIDI backend"):
        measure(order("winmm" if sys.platform != "win32" else "jack"), 0, 1)


def test_ports_that_end_are_no_endless_wait() -> None:
    with pytest.raises(MidiError, match="do not answer"):
        measure(order(NULL), 0, 1, ports=(sys.executable, "-c", "pass"))
