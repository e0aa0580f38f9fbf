"""What bends the network's distributions before an answer's notes are drawn from them.

A stage has one idea and bends one attribute: it adds to some logits (a lean) or rules ids out (a mask, minus infinity).
Stages are made anew for each answer, in the order in which they bend: leans first, masks last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.model.stages.density import Density
from improvd.model.stages.ending import ending
from improvd.model.stages.guard import Guard
from improvd.model.stages.harmony import Harmony
from improvd.model.stages.loudness import Loudness
from improvd.model.stages.register import Register
from improvd.model.stages.repetition import Repetition
from improvd.model.stages.similarity import similarity
from improvd.model.stages.tonality import Tonality

if TYPE_CHECKING:
    from improvd.model.draft import Draft
    from improvd.model.originality import Filter
    from improvd.model.stages.stage import Stage


def stages(draft: Draft, learnt: Filter | None) -> list[Stage]:
    """All that bends the answer that ``draft`` is to become, in order.

    ``learnt`` is what the model was trained on, None where it doesn't say: then nothing keeps it from reciting that.
    """
    manner = draft.manner
    leans = [
        *similarity(draft),  # first: it mixes with what the network says, the others lean from there
        *([Tonality(draft)] if manner.key_lean > 0 else []),
        *([Harmony(draft)] if draft.request.chords else []),
        *([Register(draft)] if manner.register is not None else []),
        *([Loudness(draft)] if manner.velocity is not None else []),
        *([Density(draft)] if manner.density is not None else []),
        *ending(draft),
    ]
    guard = [] if learnt is None or manner.originality is None else [Guard(draft, learnt)]
    return [*leans, Repetition(draft), *guard]
