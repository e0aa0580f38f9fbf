from __future__ import annotations

from improvd.core.events import MidiEvent, PlannedNote, Play, Release, Seconds, Sent
from improvd.core.schedule import Schedule
from improvd.daemon.messages import Close, Heard, Panic, Ping, Pong
from improvd.daemon.sender import Sender


class Bench:
    """A sender on a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[bytes] = []
        self.told: list[object] = []
        self.sender = Sender(Schedule(), self.sent.append, lambda *m: self.told.extend(m), lambda: Seconds(self.now))

    def play(self, *onsets: float) -> None:
        notes = [
            PlannedNote(key, Seconds(onset), Seconds(onset + 0.5), 60 + key, 80, 0) for key, onset in enumerate(onsets)
        ]
        self.sender.obey(Play(0, tuple(notes)))

    def pass_to(self, now: float) -> None:
        self.now = now
        self.sender.send_due()


def test_it_waits_for_the_deadline_and_tells_when_it_sent() -> None:
    bench = Bench()
    assert bench.sender.wait() is None
    bench.play(101.0)
    assert bench.sender.wait() == 1.0
    bench.pass_to(101.01)
    bench.pass_to(101.51)
    assert bench.sent == [b"\x90\x3c\x50", b"\x80\x3c\x40"]
    assert bench.told == [
        Sent(Seconds(101.0), Seconds(101.01), b"\x90\x3c\x50"),
        Sent(Seconds(101.5), Seconds(101.51), b"\x80\x3c\x40"),
    ]


def test_an_overdue_wait_is_no_negative_wait() -> None:
    bench = Bench()
    bench.play(101.0)
    bench.now = 101.02
    assert bench.sender.wait() == 0.0


def test_release_ends_what_sounds_and_forgets_the_rest() -> None:
    bench = Bench()
    bench.play(101.0, 102.0)
    bench.pass_to(101.0)
    bench.sender.obey(Release())
    assert bench.sent[-1] == b"\x80\x3c\x40"
    assert bench.sender.wait() is None


def test_our_own_echo_is_told_as_one() -> None:
    bench = Bench()
    bench.play(101.0)
    bench.pass_to(101.0)
    bench.told.clear()
    bench.sender.inbox += [(Seconds(101.004), [0x90, 60, 80]), (Seconds(101.005), [0x90, 72, 80])]
    bench.sender.hear()
    assert bench.told == [
        Heard(MidiEvent(Seconds(101.004), b"\x90\x3c\x50"), echo=True),
        Heard(MidiEvent(Seconds(101.005), b"\x90\x48\x50"), echo=False),
    ]


def test_what_an_earlier_process_left_sounding_is_ended_first() -> None:
    bench = Bench()
    bench.sender.adopt(((0, 60), (3, 64)))
    assert sorted(bench.sent) == [b"\x80\x3c\x40", b"\x83\x40\x40"]


def test_the_end_silences_what_sounds_and_the_channels_used() -> None:
    bench = Bench()
    bench.play(101.0, 105.0)
    bench.pass_to(101.0)
    bench.sender.obey(Close())
    assert bench.sender.closing
    bench.sender.close()
    assert bench.sent[1:] == [b"\x80\x3c\x40", b"\xb0\x40\x00", b"\xb0\x78\x00", b"\xb0\x7b\x00"]


def test_a_panic_is_sent_although_nothing_is_known_to_sound() -> None:
    bench = Bench()
    bench.sender.obey(Panic())
    assert [data[1] for data in bench.sent] == [64, 120, 123] * 16
    assert len(bench.told) == 48


def test_a_ping_is_answered_by_its_number_with_what_was_dropped() -> None:
    bench = Bench()
    bench.play(101.0)
    bench.pass_to(102.0)
    bench.sender.obey(Ping(7))
    assert bench.told == [Pong(7, late_notes=1, yielded_notes=0)]
