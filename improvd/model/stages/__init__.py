"""What bends the network's distributions before an answer's notes are drawn from them.

A stage has one idea and bends one attribute: it adds to some logits (a lean) or rules ids out (a mask, minus infinity).
Stages are made anew for each answer, in the order in which they bend: leans first, masks last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.model.stages.repetition import Repetition

if TYPE_CHECKING:
    from improvd.model.draft import Draft
    from improvd.model.stages.stage import Stage


def stages(draft: Draft) -> list[Stage]:
    """All that bends the answer that ``draft`` is to become, in order."""
    return [Repetition(draft)]
