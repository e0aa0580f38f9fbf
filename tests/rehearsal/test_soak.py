"""An hour with somebody who plays as people do; a day takes ``benchmarks/soak.py``."""

from __future__ import annotations

import pytest

from improvd.core.settings import EngineSettings
from tests.rehearsal.soak import HOUR, soak


@pytest.mark.parametrize("sync", ["player", "internal"])
def test_an_hour_leaves_no_note_behind(sync: str) -> None:
    watch, performance = soak(HOUR / 2, EngineSettings(sync=sync), seed=3)
    assert not watch.wrong
    assert watch.latest <= 0.001
    answered = [turn for turn in performance.turns if turn.response_notes]
    assert len(answered) > 50
    assert watch.notes >= sum(turn.response_notes for turn in answered)
