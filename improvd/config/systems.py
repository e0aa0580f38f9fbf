"""The MIDI systems there are, by name."""

from __future__ import annotations

AUTO = "auto"
"""Whatever is found first."""

SYSTEMS = {"alsa": "ALSA", "jack": "JACK", "core": "CoreMIDI", "winmm": "WinMM"}
"""By the names that python-rtmidi and ``--api`` give them, and as shown."""

NULL = "null"
"""No MIDI at all: nothing comes in and what goes out is gone. For measuring."""
