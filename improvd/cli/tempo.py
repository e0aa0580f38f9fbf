"""`improvd tempo`: the beat that improvd hears in a file, as if it were played to it."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from improvd.cli.options import Json  # noqa: TC001  as above
from improvd.config.kinds import Number
from improvd.errors import UserError

if TYPE_CHECKING:
    from improvd.core.events import MidiEvent
    from improvd.core.tracker import Beat

BPM = Number(20, 400, " beats a minute")
CLICK_CHANNEL = 9
DOWNBEAT, OTHER_BEAT = 76, 77
"""High and low wood block of General MIDI."""
CLICK_LENGTH = 0.03
ON, OFF = 0x90, 0x80


def tempo(
    played: Annotated[Path, typer.Argument(help="A MIDI file.")],
    *,
    bpm: Annotated[float | None, typer.Option("--bpm", help="About where the tempo is; left out: 70–140.")] = None,
    click: Annotated[
        Path | None, typer.Option("--click", help="Write the notes, with a click on each beat, to this MIDI file.")
    ] = None,
    json: Json = False,
) -> None:
    """Show the beats that improvd hears in a MIDI file, each decided from the notes up to it, as if played live.

    Drums are left out: improvd listens to a player.
    """
    from improvd.rehearsal.player import read_midi  # noqa: PLC0415  only this command needs it

    if bpm is not None:
        try:
            BPM.check(bpm)
        except ValueError as error:
            raise UserError(f"--bpm {error}") from None
    events = read_midi(played)
    beats = heard_in(events, bpm)
    if click is not None:
        _write(events, beats, click)
    if json:
        typer.echo(json_format.dumps({"beats": [asdict(beat) for beat in beats]}, indent=1))
        return
    typer.echo("    time, s    bpm  beat  confidence")
    for beat in beats:
        place = "–" if beat.bar_position is None else str(beat.bar_position + 1)
        typer.echo(f"{beat.time:11.3f} {beat.bpm:6.1f} {place:>5}  {beat.confidence:10.2f}")
    if not beats:
        typer.echo("No beat: too few notes.")


def heard_in(events: list[MidiEvent], bpm: float | None = None) -> list[Beat]:
    """The beats heard in what is played, to its last message; ``bpm`` is about where the tempo was told to be."""
    from improvd.core.events import NOTE_ON  # noqa: PLC0415  as in `tempo`
    from improvd.core.tracker import Tracker  # noqa: PLC0415  as in `tempo`
    from improvd.ear.hearing import Hearing  # noqa: PLC0415  as in `tempo`

    tracker = Tracker(bpm, ear=Hearing(bpm))
    for event in events:
        if event.kind == NOTE_ON:
            tracker.hear(event.at, event.data[1], event.data[2])
    return tracker.beats(events[-1].at)


def _write(events: list[MidiEvent], beats: list[Beat], path: Path) -> None:
    """Both as tracks of one file, at their seconds. Raises UserError."""
    import mido  # noqa: PLC0415  only a click needs it

    from improvd.core.events import Seconds  # noqa: PLC0415  as above
    from improvd.files.midi import save  # noqa: PLC0415  as above
    from improvd.rehearsal.score import TEMPO, TICKS_PER_BEAT, track  # noqa: PLC0415  as above

    clicks = []
    for beat in beats:
        pitch = DOWNBEAT if beat.bar_position == 0 else OTHER_BEAT
        for kind, at in ((ON, beat.time), (OFF, Seconds(beat.time + CLICK_LENGTH))):
            clicks.append((at, mido.Message.from_bytes((kind | CLICK_CHANNEL, pitch, 100 if kind == ON else 0))))
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(track("improvd tempo", [], 0.0, tempo=TEMPO))
    file.tracks.append(track("player", ((event.at, mido.Message.from_bytes(event.data)) for event in events), 0.0))
    file.tracks.append(track("click", clicks, 0.0))
    save(file, path)
