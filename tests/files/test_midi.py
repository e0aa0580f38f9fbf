"""MIDI files as they come: whole, damaged, and made up."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.errors import UserError
from improvd.files import midi

if TYPE_CHECKING:
    from pathlib import Path


def whole() -> bytes:
    """A file with something of each kind in it."""
    track = mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name="a"),
            mido.MetaMessage("set_tempo", tempo=500_000),
            mido.MetaMessage("time_signature", numerator=3, denominator=4),
            mido.MetaMessage("key_signature", key="Dm"),
            mido.Message("sysex", data=(1, 2, 3)),
            mido.Message("note_on", note=60, velocity=70),
            mido.Message("pitchwheel", pitch=100),
            mido.Message("note_off", note=60, time=480),
        ]
    )
    out = io.BytesIO()
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(file=out)
    return out.getvalue()


WHOLE = whole()


@pytest.fixture(name="path", scope="module")
def _path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("midi") / "a.mid"


@given(
    places=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4),
    length=st.integers(0, len(WHOLE)) | st.just(len(WHOLE)),
)
def test_a_damaged_file_is_read_or_refused_in_one_line(path: Path, places: list[tuple[int, int]], length: int) -> None:
    content = bytearray(WHOLE)
    for place, value in places:
        content[place] = value
    path.write_bytes(content[:length])
    refusal = None
    try:
        assert midi.read(path).type in (0, 1)
    except UserError as error:
        refusal = str(error)
    if refusal is not None:
        assert refusal.startswith(f"{path}: ")
        assert "\n" not in refusal


def test_a_key_that_cant_be_is_no_reason_for_a_traceback(path: Path) -> None:
    place = WHOLE.index(b"\xff\x59\x02") + 3
    path.write_bytes(WHOLE[:place] + b"\x7f" + WHOLE[place + 1 :])
    with pytest.raises(UserError, match="not a MIDI file, or cut short"):
        midi.read(path)


def test_what_is_saved_is_read(path: Path) -> None:
    path.write_bytes(WHOLE)
    file = midi.read(path)
    midi.save(file, path)
    assert [list(track) for track in midi.read(path).tracks] == [list(track) for track in file.tracks]
