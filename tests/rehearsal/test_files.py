"""What a rehearsal reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mido
import pytest

from improvd.core.settings import EngineSettings
from improvd.errors import UserError
from improvd.rehearsal.player import Player, read_midi
from improvd.rehearsal.score import write_duet
from improvd.rehearsal.stage import Stage
from tests.partners import Steady, scale, strikes

if TYPE_CHECKING:
    from pathlib import Path


def midi_file(path: Path, bpm: float = 100, drums: bool = False) -> Path:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    for pitch in range(60, 68):
        for kind, time in (("note_on", 96), ("note_off", 384)):
            track.append(mido.Message(kind, note=pitch, velocity=70, channel=9 if drums else 0, time=time))
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
    return path


def test_a_files_notes_are_played_at_their_seconds(tmp_path: Path) -> None:
    events = read_midi(midi_file(tmp_path / "a.mid", bpm=120))
    assert [round(event.at, 6) for event in events[:4]] == [0.1, 0.5, 0.6, 1.0]


def test_the_duet_is_read_back_as_it_was_played(tmp_path: Path) -> None:
    performance = Stage(Player(scale(1.0, 0.6, 8)), Steady(), EngineSettings()).perform()
    write_duet(performance, tmp_path / "duet.mid")
    file = mido.MidiFile(tmp_path / "duet.mid")
    assert [track.name for track in file.tracks] == ["improvd rehearsal", "player", "improvd"]
    now, answered = 0.0, []
    for message in mido.MidiFile(tmp_path / "duet.mid", type=1):
        now += message.time
        if message.type == "note_on":
            answered.append(round(now, 3))
    played = [at for at, _ in strikes(performance.sent)]
    assert answered == pytest.approx(sorted([*(1.0 + i * 0.6 for i in range(8)), *played]), abs=0.001)
    assert [path.name for path in tmp_path.iterdir()] == ["duet.mid"]


def test_the_same_rehearsal_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.mid", "two.mid"):
        write_duet(Stage(Player(scale(1.0, 0.6, 8)), Steady(), EngineSettings()).perform(), tmp_path / name)
    assert (tmp_path / "one.mid").read_bytes() == (tmp_path / "two.mid").read_bytes()


def test_a_duet_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    performance = Stage(Player(scale(1.0, 0.6, 8)), Steady(), EngineSettings()).perform()
    with pytest.raises(UserError, match="can't write"):
        write_duet(performance, tmp_path / "nowhere" / "duet.mid")


def bad_files(folder: Path) -> dict[str, bytes]:
    whole = midi_file(folder / "whole.mid").read_bytes()
    huge_tempo = bytearray(whole)
    return {
        "empty": b"",
        "text": b"This is not music.\n" * 20,
        "cut in the header": whole[:10],
        "cut in a track": whole[: len(whole) // 2],
        "no tracks": whole[:10] + b"\0\0" + whole[12:14],
        "no division": bytes(huge_tempo[:12]) + b"\0\0" + bytes(huge_tempo[14:]),
        "separate patterns": whole[:8] + b"\0\2" + whole[10:],
    }


@pytest.mark.parametrize(
    "case", ["empty", "text", "cut in the header", "cut in a track", "no tracks", "no division", "separate patterns"]
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, case: str) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(bad_files(tmp_path)[case])
    with pytest.raises(UserError, match=r"bad\.mid") as caught:
        read_midi(path)
    assert "\n" not in str(caught.value)


def test_drums_alone_are_no_call(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no note"):
        read_midi(midi_file(tmp_path / "drums.mid", drums=True))


def test_a_missing_file_and_a_folder_are_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_midi(tmp_path / "none.mid")
    with pytest.raises(UserError, match=str(tmp_path)):
        read_midi(tmp_path)
