"""A recording as a MIDI file: what was played when, and where its beats are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import mido
import pytest

from improvd.core.events import MidiEvent, Seconds
from improvd.files import midi
from improvd.recorder import journal
from improvd.recorder.score import IMPROVD, PLAYER, SUMMARY, TICKS_PER_BEAT, part_of, score
from tests.recorder.takes import scale, take, written

if TYPE_CHECKING:
    from pathlib import Path

TAKES = (*take(11.0, 0.5), *take(17.7, 0.4))


def saved(path: Path, *lines: str) -> mido.MidiFile:
    """The file of a recording, as others read it."""
    made = score(journal.read(written(*lines)))
    assert made is not None
    midi.save(made, path / "take.mid")
    return mido.MidiFile(path / "take.mid")


def strikes(file: mido.MidiFile) -> list[tuple[float, int]]:
    """(seconds, pitch) of all notes, as a player of MIDI files plays them."""
    now, found = 0.0, []
    for message in file:
        now += message.time
        if message.type == "note_on":
            found.append((now, message.note))
    return found


def test_each_part_has_its_track(tmp_path: Path) -> None:
    file = saved(tmp_path, *TAKES)
    assert file.tracks[0].name.startswith("improvd, 2023-11-1")
    assert [track.name for track in file.tracks[1:]] == [PLAYER, IMPROVD]
    assert [[m.note for m in track if m.type == "note_on"] for track in file.tracks[1:]] == [
        [60, 61, 62, 63] * 2,
        [72, 73, 74, 75] * 2,
    ]


def test_every_note_sounds_when_it_was_played(tmp_path: Path) -> None:
    played = [event for begin in (11.0, 14.0) for event in scale(begin, 0.5, low=60 if begin < 12 else 72)]
    played += [event for begin in (17.7, 20.1) for event in scale(begin, 0.4, low=60 if begin < 18 else 72)]
    expected = [(event.at - 11.0, event.data[1]) for event in played if event.data[0] == 0x90]
    found = strikes(saved(tmp_path, *TAKES))
    assert [pitch for _, pitch in found] == [pitch for _, pitch in expected]
    assert [at for at, _ in found] == pytest.approx([at for at, _ in expected], abs=0.001)


def test_what_was_played_on_the_beat_is_on_the_beat(tmp_path: Path) -> None:
    for track in saved(tmp_path, *TAKES).tracks[1:]:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on":
                assert tick % TICKS_PER_BEAT in (0, 1, TICKS_PER_BEAT - 1)


def test_the_metre_and_a_marker_for_each_turn_are_there(tmp_path: Path) -> None:
    conductor = saved(tmp_path, *TAKES).tracks[0]
    (metre,) = (message for message in conductor if message.type == "time_signature")
    assert (metre.numerator, metre.denominator) == (3, 4)
    assert [message.text for message in conductor if message.type == "marker"] == [
        "turn 1: 4 notes at 120 bpm (finished)",
        "turn 2: 4 notes at 150 bpm (finished)",
    ]


def test_the_models_that_played_are_told_and_when_one_took_over(tmp_path: Path) -> None:
    file = saved(tmp_path, *TAKES, journal.model(Seconds(17.0), "späte Nacht"), journal.model(Seconds(25.0), "default"))
    texts = [message.text for message in file.tracks[0] if message.type == "text"]
    assert json.loads(texts[0].removeprefix(SUMMARY))["model"] == "default, späte Nacht"
    now, markers = 0.0, {}
    for message in file:
        now += message.time
        if message.type == "marker" and message.text.startswith("model "):
            markers[message.text] = now
    assert markers == {
        r"model sp\u00e4te Nacht": pytest.approx(6.0, abs=0.001),
        "model default": pytest.approx(14.0, abs=0.001),
    }


def test_notes_that_a_cut_left_on_are_ended(tmp_path: Path) -> None:
    lines = [journal.heard(event) for event in scale(11.0, 0.5)][:-1]
    file = saved(tmp_path, *lines, journal.sent(Seconds(13.0), b"\x93\x40\x50"))
    sounding: set[tuple[int, int]] = set()
    for message in file:
        if message.type == "note_on":
            sounding.add((message.channel, message.note))
        elif message.type == "note_off":
            sounding.discard((message.channel, message.note))
    assert not sounding


def test_one_part_alone_keeps_its_beats(tmp_path: Path) -> None:
    both = saved(tmp_path, *TAKES)
    player = part_of(both, PLAYER)
    assert [track.name for track in player.tracks[1:]] == [PLAYER]
    assert player.tracks == both.tracks[:2]


def test_without_notes_there_is_no_file() -> None:
    pedal = MidiEvent(Seconds(11.0), b"\xb0\x40\x7f")
    assert score(journal.read(written())) is None
    assert score(journal.read(written(journal.heard(pedal)))) is None
