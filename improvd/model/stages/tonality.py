"""Keeping to the key that the player is in, as far as it is clear, or to one that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.key import OCTAVE
from improvd.model import keys
from improvd.model.stages.stage import Stage, against
from improvd.model.tokens import PITCH, SIZES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.core.key import Key
    from improvd.model.draft import Draft

MIDDLE: Final = 0.8
"""Nats against a pitch that is foreign to the key, where the knob stands in its middle."""
ASKED: Final = 4.0
"""A key that was asked for, where none may have been heard, counts for so many times as much."""
CLASSES: Final = np.arange(SIZES[PITCH]) % OCTAVE


class Tonality(Stage):
    """Leans away from pitches that lie in the scale of no likely key; where many keys may be meant, hardly."""

    head = PITCH

    def __init__(self, draft: Draft) -> None:
        foreign = 1.0 - likely_keys(draft) @ keys.SCALES
        # Where no key is clear, all are a little foreign: that is no reason for anything.
        foreign -= foreign.min()
        middle = MIDDLE if draft.request.key is None else ASKED * MIDDLE
        self._bias = (-against(draft.manner.key_lean, middle) * foreign[CLASSES]).astype(np.float32)

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:  # noqa: ARG002  a stage's
        """Lean."""
        logits += self._bias


def clear_key(draft: Draft) -> Key | None:
    """The key that was asked for, or is heard and can hardly be another."""
    heard = draft.context
    found = keys.find(keys.sounding(heard.pitch, heard.duration))
    return draft.request.key or (found.key if found.clear else None)


def likely_keys(draft: Draft) -> NDArray[np.float64]:
    """How likely each of `keys.KEYS` is what should be kept to: shape (24,), summing to 1."""
    asked = draft.request.key
    if asked is not None:
        return np.array([float(key == asked) for key in keys.KEYS])
    heard = draft.context
    return keys.chances(keys.sounding(heard.pitch, heard.duration))
