"""Errors whose message is for the user: one clear line that says what is wrong, where, and what to do."""

from __future__ import annotations


class UserError(Exception):
    """Something outside improvd is wrong; the command prints the message and ends with exit status 2."""


class MidiError(UserError):
    """A port, cable or MIDI system is missing, ambiguous or refuses."""


class BundleError(UserError):
    """A model bundle is missing, damaged or made for another improvd."""


class CorpusError(UserError):
    """A corpus or a music file can't be read or holds no music."""
