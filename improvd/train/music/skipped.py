"""Why a file was left out."""

from __future__ import annotations


class SkippedError(Exception):
    """A file that can't be learnt from, with the reason in few words."""


class PassingError(SkippedError):
    """A file that was left out for what may be mended without touching it, and is tried again by the next run."""
