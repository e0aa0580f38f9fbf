"""What bends the network's distributions before an answer's notes are drawn from them.

A stage has one idea and bends one attribute: it adds to some logits (a lean) or rules ids out (a mask, minus infinity).
Stages are made anew for each answer, in the order in which they bend: leans first, masks last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.model.stages.guard import MOST, Guard
from improvd.model.stages.repetition import Repetition

if TYPE_CHECKING:
    from improvd.model.draft import Draft
    from improvd.model.originality import Filter
    from improvd.model.stages.stage import Stage


def stages(draft: Draft, learnt: Filter | None) -> list[Stage]:
    """All that bends the answer that ``draft`` is to become, in order.

    ``learnt`` is what the model was trained on, None where it doesn't say: then nothing keeps it from reciting that.
    """
    guard = [] if learnt is None else [Guard(draft, learnt, MOST)]
    return [Repetition(draft), *guard]
