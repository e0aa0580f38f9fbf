"""`improvd generate`: a piece from what was told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.compose import seed as seeds
from improvd.compose.piece import LONGEST_REST, limits, whole
from improvd.compose.score import Piece
from improvd.core.events import Beats, Generate, Seconds
from improvd.core.manner import AS_MEASURED, Manner
from improvd.core.meter import Meter
from improvd.core.tempo import DEFAULT_BPM
from improvd.model import bundle as bundles
from improvd.model import places
from improvd.model.golden import verify
from improvd.model.improviser import Improviser

if TYPE_CHECKING:
    from pathlib import Path

    from improvd.core.key import Key

PLAIN: Final = Meter()
"""The metre of a piece whose seed tells none."""


@dataclass(frozen=True)
class ComposeSettings:
    """What `improvd generate` was told; what is None is the seed's own, and usual where that tells nothing either.

    ``program`` is General MIDI's number, from 0. ``bars`` are made, beside those of the seed.
    """

    opening: Path | None = None
    bars: int = 16
    bpm: float | None = None
    meter: Meter | None = None
    key: Key | None = None
    program: int | None = None
    model: str = "default"
    style: str = ""
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 0.95
    manner: Manner = AS_MEASURED


def compose(settings: ComposeSettings) -> Piece:
    """Make a piece; the same settings give the same one. Raises UserError. May wait for a disk; takes 20 ms a bar."""
    opening = None if settings.opening is None else seeds.read(settings.opening)
    bundle = bundles.load(places.find(settings.model))
    verify(bundle)
    bundle.check_style(settings.style)
    meter = settings.meter or (opening.meter if opening else PLAIN)
    start = opening.next_bar(meter) if opening else Beats(0.0)
    end = Beats(start + settings.bars * meter.bar)
    heard = opening.notes if opening else ()
    request = Generate(
        turn=1,
        segment=0,
        context=heard,
        call=len(heard),
        start=start,
        until=end,
        end=end,
        least_notes=0,
        longest_gap=Beats(LONGEST_REST * meter.bar),
        deadline=Seconds(math.inf),
        seed=settings.seed,
        temperature=settings.temperature,
        top_p=settings.top_p,
        style=settings.style,
        beats_per_bar=meter.bar,
        downbeat=start,
        key=settings.key,
        manner=settings.manner,
    )
    notes = whole(Improviser(bundle, lambda: Seconds(0.0), limits(heard)), request, meter)
    return Piece(
        notes=notes,
        start=start,
        end=end,
        bpm=settings.bpm or (None if opening and opening.tells("set_tempo") else DEFAULT_BPM),
        meter=meter,
        seed=opening,
        program=settings.program,
    )
