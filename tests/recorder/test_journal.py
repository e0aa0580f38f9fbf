from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.core.events import MidiEvent, Seconds
from improvd.recorder import journal
from improvd.recorder.journal import DamagedError, Recording
from tests.recorder.takes import HEADER, scale, take, written

WHOLE = written(*take(11.0, 0.5), *take(20.0, 0.4))


def read(data: bytes) -> Recording | str:
    try:
        return journal.read(data)
    except DamagedError as error:
        return str(error)


def test_what_was_written_is_read() -> None:
    recording = journal.read(WHOLE)
    assert (recording.epoch, recording.model, recording.meter) == (1_700_000_000.5, "default", "3/4")
    assert recording.heard == [*scale(11.0, 0.5), *scale(20.0, 0.4)]
    assert recording.sent[:8] == scale(14.0, 0.5, low=72)
    first, second = recording.turns
    assert (first.call_start, first.response_notes, first.reason) == (11.0, 4, "finished")
    assert first.beat
    assert second.beat
    assert (first.beat.period, second.beat.period) == (0.5, 0.4)
    assert recording.damaged == 0


def test_the_models_that_took_over_are_read_but_no_name_that_is_none() -> None:
    line = journal.model(Seconds(12.0), "evening")
    recording = journal.read(written(line, '["m",13.0,7]', '["m","soon","evening"]', '["m",13.0]'))
    assert (recording.models, recording.damaged) == ([(12.0, "evening")], 3)


def test_messages_are_in_order_of_their_time() -> None:
    late, early = scale(11.0, 0.5, count=1)
    recording = journal.read(written(journal.heard(early), journal.heard(late)))
    assert recording.heard == [late, early]


@given(cut=st.integers(0, len(WHOLE)))
def test_wherever_it_is_cut_off_all_whole_lines_before_are_read(cut: int) -> None:
    recording = read(WHOLE[:cut])
    if cut <= len(HEADER):
        assert isinstance(recording, str) or not recording.heard
        return
    assert isinstance(recording, Recording)
    assert recording.damaged == 0
    kinds = [json.loads(line)[0] for line in WHOLE[:cut].split(b"\n")[1:-1]]
    assert (len(recording.heard), len(recording.sent), len(recording.turns)) == tuple(map(kinds.count, "hst"))


@given(begin=st.integers(0, len(WHOLE)), noise=st.binary(max_size=80))
def test_whatever_else_stands_there_is_left_out(begin: int, noise: bytes) -> None:
    """A power cut may leave zeros, or blocks of other files."""
    recording = read(WHOLE[:begin] + noise + WHOLE[begin + len(noise) :])
    if isinstance(recording, Recording):
        for event in (*recording.heard, *recording.sent):
            assert event.kind
            assert len(event.data) in (2, 3)
            assert max(event.data[1:]) < 128


@pytest.mark.parametrize(
    "line",
    [
        b'["h",11,"f8"]',
        b'["h",11,"903c"]',
        b'["h",11,"903c50ff"]',
        b'["h",11,"90ff50"]',
        b'["h",null,"903c50"]',
        b'["h",1e999,"903c50"]',
        b'["h",1e9,"903c50"]',
        b'["b",11,0,4,null]',
        b'["b",11,0.5,0,null]',
        b'["t",{}]',
        b'["x",1]',
        b"[]",
        b"{}",
        b"\0" * 40,
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_none_is_counted(line: bytes) -> None:
    recording = journal.read(
        written() + line + b"\n" + journal.heard(MidiEvent(Seconds(12.0), b"\xc0\x05")).encode() + b"\n"
    )
    assert recording.damaged == 1
    assert [event.data for event in recording.heard] == [b"\xc0\x05"]


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"{}\n", b"[]\n", HEADER.replace('"format":1', '"format":9').encode() + b"\n"]
)
def test_without_a_header_it_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedError):
        journal.read(data)
