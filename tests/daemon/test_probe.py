from __future__ import annotations

import pytest

from improvd.daemon.graph_alsa import problem
from improvd.daemon.probe import probe
from improvd.errors import MidiError


def test_alsa_says_why_it_cannot_be_asked() -> None:
    assert probe(["alsa"])["alsa"].problem == (problem() or "")


def test_a_system_that_python_rtmidi_was_not_built_with_is_an_error() -> None:
    with pytest.raises(MidiError, match="no MIDI system 'winmm' here; there are: alsa"):
        probe(["winmm"])
