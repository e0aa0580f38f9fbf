"""What a player may ask for at any moment, by a pedal, a key, a page or a command: cues."""

from __future__ import annotations

from enum import Enum


class Cue(str, Enum):
    """One of them; each is answered at once, whatever is going on."""

    TAKE_OVER = "take-over"
    """The call is over now, whatever is held; where there is none, `AGAIN`."""
    STOP = "stop"
    """The answer ends now, and what was heard so far is not answered."""
    REPEAT = "repeat"
    """The last answer again, note for note."""
    VARY = "vary"
    """The last answer, varied: it is what is answered, and taken up more than usual."""
    AGAIN = "again"
    """Another answer to the last call."""
