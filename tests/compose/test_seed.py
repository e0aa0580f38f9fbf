"""Seeds: what is read of a MIDI file, and where a piece goes on from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido
import pytest

from improvd.compose import seed
from improvd.core.meter import Meter
from improvd.errors import UserError
from tests.compose.files import BEAT, metre, tempo, tune

if TYPE_CHECKING:
    from pathlib import Path


def saved(path: Path, *messages: mido.Message | mido.MetaMessage) -> Path:
    mido.MidiFile(tracks=[mido.MidiTrack(messages)], ticks_per_beat=BEAT).save(path)
    return path


def strike(pitch: int, time: int = 0, channel: int = 0, velocity: int = 70) -> mido.Message:
    return mido.Message("note_on", note=pitch, velocity=velocity, time=time, channel=channel)


def lift(pitch: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=pitch, time=time, channel=channel)


def test_a_seeds_notes_are_in_its_own_beats(tmp_path: Path) -> None:
    read = seed.read(tune(tmp_path / "a.mid", tempo(90), metre(3, 4), channel=3))
    assert [(note.onset, note.duration, note.pitch) for note in read.notes[:2]] == [(0.0, 0.5, 62), (1.0, 0.5, 65)]
    assert (read.meter, read.channel, read.end) == (Meter(3, 4), 3, 7.5)
    assert read.tells("set_tempo")
    assert not seed.read(tune(tmp_path / "b.mid")).tells("time_signature")


def test_drums_are_left_out_and_what_is_never_ended_ends_with_the_file(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a.mid", strike(36, channel=9), strike(60), strike(64, time=BEAT), strike(64, time=BEAT),
        lift(64, time=BEAT), lift(36, channel=9, time=BEAT),
    )  # fmt: skip
    assert [(note.onset, note.duration, note.pitch) for note in seed.read(path).notes] == [
        (0.0, 3.0, 60),
        (1.0, 1.0, 64),
        (2.0, 1.0, 64),
    ]


@pytest.mark.parametrize(
    ("beats", "held", "meter", "bar"),
    [
        (4, 0.9, Meter(), 4),
        (4, 1.0, Meter(), 4),
        (4, 1.1, Meter(), 4),  # a little legato beyond the bar line
        (4, 1.2, Meter(), 8),
        (5, 0.5, Meter(), 8),
        (4, 1.0, Meter(3, 4), 6),
        (1, 0.1, Meter(6, 8), 3),
    ],
)
def test_a_piece_goes_on_at_the_next_bar_line(
    tmp_path: Path, beats: int, held: float, meter: Meter, bar: float
) -> None:
    messages = [one for _ in range(beats - 1) for one in (strike(60), lift(60, time=BEAT))]
    path = saved(tmp_path / "a.mid", *messages, strike(62), lift(62, time=round(BEAT * held)))
    assert seed.read(path).next_bar(meter) == bar


def test_a_note_on_a_bar_line_belongs_to_the_seed(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mid", strike(60), lift(60, time=BEAT), strike(62, time=3 * BEAT), lift(62, time=10))
    assert seed.read(path).next_bar(Meter()) == 8


def test_bars_are_counted_from_the_last_metre(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a.mid", metre(4, 4), strike(60), lift(60, time=BEAT), metre(3, 4), strike(62),
        lift(62, time=4 * BEAT),
    )  # fmt: skip
    read = seed.read(path)
    assert (read.meter, read.next_bar(read.meter)) == (Meter(3, 4), 7)


def test_a_metre_or_tempo_that_cant_be_is_passed_over(tmp_path: Path) -> None:
    path = tune(tmp_path / "a.mid", metre(3, 4), metre(0, 4), metre(4, 256), mido.MetaMessage("set_tempo", tempo=0))
    read = seed.read(path)
    assert read.meter == Meter(3, 4)
    assert not read.tells("set_tempo")


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([], "holds no note"),
        ([strike(36, channel=9), lift(36, channel=9, time=BEAT)], "holds no note"),
        ([strike(60), lift(60, time=200_000 * BEAT)], "lasts longer than 100,000 beats"),
    ],
)
def test_what_cant_be_gone_on_from_is_one_line(tmp_path: Path, messages: list[mido.Message], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        seed.read(saved(tmp_path / "a.mid", *messages))
    assert str(tmp_path / "a.mid") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_time_code_is_no_beat(tmp_path: Path) -> None:
    path = tune(tmp_path / "a.mid")
    whole = bytearray(path.read_bytes())
    whole[12:14] = b"\xe7\x28"  # 25 frames a second, 40 ticks a frame
    path.write_bytes(whole)
    with pytest.raises(UserError, match=r"a\.mid.*time code"):
        seed.read(path)
