from __future__ import annotations

from improvd.core.events import Beats, MidiEvent, Pace, PlannedNote, Play, Release, Seconds, Sent
from improvd.core.metronome import Metronome
from improvd.core.schedule import Schedule
from improvd.daemon.messages import Close, Heard, Panic, Ping, Pong, TicksHeard, TicksSent
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


def test_ticks_are_told_together_and_in_their_place() -> None:
    bench = Bench()
    tick, stop, key = [0xF8], [0xFC], [0x90, 60, 80]
    for index, data in enumerate((tick, tick, key, tick, stop, tick, tick)):
        bench.sender.inbox.append((Seconds(100.0 + index), data))
    bench.sender.hear()
    assert bench.told == [
        TicksHeard((Seconds(100.0), Seconds(101.0))),
        Heard(MidiEvent(Seconds(102.0), bytes(key)), echo=False),
        TicksHeard((Seconds(103.0),)),
        Heard(MidiEvent(Seconds(104.0), bytes(stop)), echo=False),
        TicksHeard((Seconds(105.0), Seconds(106.0))),
    ]


PACE = Pace(Seconds(99.9), Seconds(0.6), Beats(4.0), Beats(1.0), Beats(0.0), None, running=True)


def test_a_clock_leaves_at_its_deadlines_and_is_told_of_by_the_beat() -> None:
    bench = Bench()
    bench.sender = Sender(
        Schedule(),
        bench.sent.append,
        lambda *m: bench.told.extend(m),
        lambda: Seconds(bench.now),
        metronome=Metronome(clock=True, click=None),
    )
    bench.sender.obey(PACE)
    for _ in range(24):
        wait = bench.sender.wait()
        assert wait is not None
        bench.pass_to(bench.now + wait + 1e-6)
    assert bench.sent[0] == b"\xf8"
    assert b"\xfa" not in bench.sent  # the first bar had begun already
    (told,) = bench.told
    assert isinstance(told, TicksSent)
    assert len(told.planned) == 24
    assert all(0 <= actual - planned < 0.001 for planned, actual in zip(told.planned, told.actual, strict=True))
    bench.play(101.0)
    assert bench.sender.wait() is not None
    bench.sender.close()
    assert bench.sender.wait() is None


def test_clicks_go_where_they_should_and_come_back_as_echoes() -> None:
    for elsewhere in (None, []):
        bench = Bench()
        bench.sender = Sender(
            Schedule(),
            bench.sent.append,
            lambda *m, bench=bench: bench.told.extend(m),
            lambda bench=bench: Seconds(bench.now),
            metronome=Metronome(clock=False, click=9),
            click=None if elsewhere is None else elsewhere.append,
        )
        bench.sender.obey(PACE)
        bench.pass_to(100.5)
        bench.pass_to(100.55)
        clicks = [b"\x99\x4d\x50", b"\x89\x4d\x00"]
        assert (bench.sent, elsewhere) == (([], clicks) if elsewhere is not None else (clicks, None))
        assert bench.told == []
        bench.sender.inbox.append((Seconds(100.56), list(clicks[1])))
        bench.sender.hear()
        assert bench.told == [Heard(MidiEvent(Seconds(100.56), clicks[1]), echo=elsewhere is None)]
