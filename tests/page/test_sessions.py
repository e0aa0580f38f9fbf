"""The sessions that were kept, as a page gets them."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import mido
import pytest

from improvd.core.events import MidiEvent, Seconds
from improvd.page.sessions import Sessions
from improvd.recorder import journal

if TYPE_CHECKING:
    from pathlib import Path

NAME = "2026-11-22_201500"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One session, cut off in the middle of a line and never made a file of."""
    lines = [journal.header(1.79e9, Seconds(100.0), version="1", model="default", meter="4/4")]
    for at, data in ((100.0, "903c50"), (100.4, "803c40"), (100.5, "b0407f"), (100.6, "904050"), (100.7, "804040")):
        lines.append(journal.heard(MidiEvent(Seconds(at), bytes.fromhex(data))))
    lines += [journal.sent(Seconds(102.0), b"\x90\x48\x40"), journal.sent(Seconds(102.25), b"\x80\x48\x40")]
    lines.append(journal.heard(MidiEvent(Seconds(103.0), b"\xb0\x40\x00")))
    (tmp_path / f"{NAME}.journal").write_text("\n".join(lines) + '\n["h", 104')
    (tmp_path / "secret.mid").write_bytes(b"not one of ours")
    return tmp_path


def fetch(folder: Path, rest: str) -> Any:  # noqa: ANN401  JSON or bytes
    found = asyncio.run(Sessions(folder).answer(rest))
    if found is None:
        return None
    kind, body = found
    return json.loads(body) if kind == "application/json" else body


def test_the_list_tells_when_how_long_and_how_much(folder: Path) -> None:
    (entry,) = fetch(folder, "")
    assert entry["name"] == NAME
    assert (entry["heard"], entry["played"], entry["seconds"]) == (2, 1, 3.0)
    assert entry["problem"] == "is not finished yet"


def test_notes_come_in_seconds_of_both_parts_and_as_long_as_the_pedal_holds_them(folder: Path) -> None:
    notes = fetch(folder, f"{NAME}.json")
    begin = notes[0]["onset"]
    told = [(note["part"], note["pitch"], note["onset"] - begin, note["offset"] - begin) for note in notes]
    expected = [("you", 60, 0.0, 0.4), ("you", 64, 0.6, 3.0), ("improvd", 72, 2.0, 2.25)]
    assert [note[:2] for note in told] == [note[:2] for note in expected]
    for got, wanted in zip(told, expected, strict=True):
        assert got[2:] == pytest.approx(wanted[2:], abs=0.002)


def test_the_file_is_one_that_others_read(folder: Path) -> None:
    file = mido.MidiFile(file=io.BytesIO(fetch(folder, f"{NAME}.mid")))
    assert [track.name for track in file.tracks[1:]] == ["player", "improvd"]


@pytest.mark.parametrize(
    "rest", ["secret.mid", "../secret.mid", f"{NAME}", f"{NAME}.wav", f"{NAME}/x.mid", "2026-11-22_201501.mid", ".json"]
)
def test_only_recordings_can_be_asked_for(folder: Path, rest: str) -> None:
    assert fetch(folder, rest) is None


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert fetch(tmp_path / "none", "") == []
