"""Why a file was left out."""

from __future__ import annotations


class SkippedError(Exception):
    """A file that can't be learnt from, with the reason in few words."""
