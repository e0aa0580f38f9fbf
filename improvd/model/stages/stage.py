"""What a stage is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST: Final = 1000.0
"""Nats against what is as good as ruled out."""


def against(knob: float, middle: float) -> float:
    """Nats that a knob from 0 to 1 sets against something: 0, ``middle`` in its middle, `MOST` at 1."""
    return min(MOST, middle * knob / max(1.0 - knob, 1e-9))


class Stage:
    """Bends what is drawn of one attribute, ``head``. For the improviser's thread; nothing in it blocks.

    A stage that looks at notes as they come overrides ``hear``, which is told what was heard, then what is played.
    """

    head: int

    def bend(self, logits: NDArray[Any], onset: int, row: Sequence[int]) -> None:
        """Change the logits (ids,) of the attribute of the note at tick ``onset``, in place.

        ``row`` holds the ids of the note (see ``tokens``) that were chosen before this one. For the interval, which
        decides the onset, ``onset`` is that of the note before. What the promises of an answer forbid is left out of
        the draw afterwards, whatever its logits.
        """
        raise NotImplementedError

    def hear(self, onset: int, row: Sequence[int]) -> None:
        """One more note: its tick and its ids."""
