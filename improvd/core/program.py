"""Which sound a synth is to play with."""

from __future__ import annotations

from typing import Final

from improvd.core.binding import PROGRAM
from improvd.core.events import CONTROL

BANK: Final = 0
BANK_FINE: Final = 32
"""The controllers that choose a bank, one of 128 by 128."""


def choosing(channel: int, bank: int | None, program: int | None) -> tuple[bytes, ...]:
    """The messages that choose a sound on a channel (0–15): a ``bank`` (0–16383) first, then a ``program`` (0–127).

    A bank alone is no choice to a synth; so none is sent without a program.
    """
    if program is None:
        return ()
    banks = (
        ()
        if bank is None
        else (
            bytes((CONTROL | channel, BANK, bank >> 7)),
            bytes((CONTROL | channel, BANK_FINE, bank & 0x7F)),
        )
    )
    return (*banks, bytes((PROGRAM | channel, program)))
