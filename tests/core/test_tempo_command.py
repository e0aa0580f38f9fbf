"""`improvd tempo`: what it prints, what it writes, and what it says of files that are none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import mido
import pytest

from improvd.cli import main

if TYPE_CHECKING:
    from pathlib import Path

BEATS = 16


def piece(path: Path, bpm: float = 100, channel: int = 0) -> Path:
    """Eighths over a low note on each beat."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    for _ in range(BEATS):
        for pitches in ((48, 60, 64), (67,)):
            track += [mido.Message("note_on", note=pitch, velocity=80, channel=channel) for pitch in pitches]
            track += [
                mido.Message("note_off", note=pitch, channel=channel, time=0 if index else 240)
                for index, pitch in enumerate(pitches)
            ]
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
    return path


def test_json_tells_each_beat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tempo", str(piece(tmp_path / "a.mid")), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["beats"]
    for beat in told["beats"]:
        assert set(beat) == {"time", "decided_at", "bpm", "bar_position", "confidence"}
        assert beat["decided_at"] <= beat["time"]
    late = [beat for beat in told["beats"] if beat["time"] > 4]
    assert len(late) == pytest.approx(BEATS - 6, abs=1)
    for beat in late:
        assert beat["bpm"] == pytest.approx(100, rel=0.02)
        assert beat["time"] / 0.6 == pytest.approx(round(beat["time"] / 0.6), abs=0.05)


def test_a_table_has_a_line_for_each_beat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(piece(tmp_path / "a.mid"))
    assert main(["tempo", path, "--json"]) == 0
    beats = json.loads(capsys.readouterr().out)["beats"]
    assert main(["tempo", path]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["time,", "s", "bpm", "beat", "confidence"]
    assert [float(line.split()[0]) for line in lines] == [pytest.approx(beat["time"], abs=0.001) for beat in beats]


def test_a_tempo_may_be_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tempo", str(piece(tmp_path / "a.mid")), "--json", "--bpm", "200"]) == 0
    assert json.loads(capsys.readouterr().out)["beats"][-1]["bpm"] == pytest.approx(200, rel=0.02)


def test_a_click_falls_on_each_beat_beside_the_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = piece(tmp_path / "a.mid"), tmp_path / "click.mid"
    assert main(["tempo", str(path), "--json", "--click", str(out)]) == 0
    beats = [beat["time"] for beat in json.loads(capsys.readouterr().out)["beats"]]
    clicks, notes, now = [], [], 0.0
    for message in mido.MidiFile(out):
        now += message.time
        if message.type == "note_on":
            (clicks if message.channel == 9 else notes).append(now)
    assert clicks == pytest.approx(beats, abs=0.001)
    assert notes == pytest.approx([at * 0.6 for beat in range(BEATS) for at in [beat] * 3 + [beat + 0.5]], abs=0.001)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.mid", "click.mid"]


def test_a_file_with_one_note_has_no_beat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mido.MidiFile(tracks=[mido.MidiTrack([mido.Message("note_on", note=60)])]).save(tmp_path / "one.mid")
    assert main(["tempo", str(tmp_path / "one.mid")]) == 0
    assert "No beat" in capsys.readouterr().out
    assert main(["tempo", str(tmp_path / "one.mid"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"beats": []}


@pytest.mark.parametrize("case", ["missing", "folder", "text", "cut", "drums", "unwritable", "bpm", "bpm no number"])
def test_a_mistake_is_one_line_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    good = piece(tmp_path / "good.mid")
    (tmp_path / "text.mid").write_text("no music\n" * 9)
    (tmp_path / "cut.mid").write_bytes(good.read_bytes()[:100])
    piece(tmp_path / "drums.mid", channel=9)
    arguments, complaint = {
        "missing": ([str(tmp_path / "none.mid")], "no such file"),
        "folder": ([str(tmp_path)], "is a folder"),
        "text": ([str(tmp_path / "text.mid")], "not a MIDI file"),
        "cut": ([str(tmp_path / "cut.mid")], "cut short"),
        "drums": ([str(tmp_path / "drums.mid")], "drums are left out"),
        "unwritable": ([str(good), "--click", str(tmp_path / "nowhere" / "click.mid")], "can't write"),
        "bpm": ([str(good), "--bpm", "7"], "--bpm must be from 20 to 400"),
        "bpm no number": ([str(good), "--bpm", "nan"], "--bpm must be from 20 to 400"),
    }[case]
    assert main(["tempo", *arguments]) == 2
    streams = capsys.readouterr()
    (line,) = streams.err.splitlines()
    assert line.startswith("improvd: ")
    assert complaint in line
    assert streams.out == ""
