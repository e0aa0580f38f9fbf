"""Errors whose message is for the user: one clear line that says what is wrong, where, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class UserError(Exception):
    """Something outside improvd is wrong; the command prints the message and ends with exit status 2."""


class MidiError(UserError):
    """A port, cable or MIDI system is missing, ambiguous or refuses."""


class BundleError(UserError):
    """A model bundle is missing, damaged or made for another improvd."""

    @classmethod
    def damaged(cls, path: Path, what: str) -> BundleError:
        """The file of a bundle at ``path`` isn't as it was written: ``what`` is wrong with it."""
        return cls(f"{path} is damaged ({what}): get the model again or train it again")


class CorpusError(UserError):
    """A corpus or a music file can't be read or holds no music."""
