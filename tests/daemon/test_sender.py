from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.binding import Control
from improvd.core.events import Beats, MidiEvent, Pace, PlannedNote, Play, Release, Seconds, Sent
from improvd.core.keyboard import AS_IT_IS, Keyboard, Manual
from improvd.core.metronome import Metronome
from improvd.core.schedule import Instrument, Schedule
from improvd.daemon.messages import Aside, Close, Heard, Panic, Ping, Pong, TicksHeard, TicksSent, TimePorts
from improvd.daemon.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Sequence


class Bench:
    """A sender on a clock that stands still until it is moved."""

    def __init__(self, keyboard: Keyboard = AS_IT_IS, choosing: Sequence[bytes] = (), *, thru: bool = False) -> None:
        self.now = 100.0
        self.sent: list[bytes] = []
        self.shown: list[bytes] = []
        self.told: list[object] = []
        self.sender = Sender(
            Schedule(thru=thru),
            self.sent.append,
            lambda *m: self.told.extend(m),
            lambda: Seconds(self.now),
            manual=Manual(keyboard),
            choosing=choosing,
            show=self.shown.append,
        )

    def play(self, *onsets: float) -> None:
        notes = [
            PlannedNote(key, Seconds(onset), Seconds(onset + 0.5), 60 + key, 80, 0) for key, onset in enumerate(onsets)
        ]
        self.sender.obey(Play(0, tuple(notes)))

    def hear(self, source: str, *messages: list[int]) -> None:
        self.sender.inbox += [(Seconds(self.now), source, data) for data in messages]
        self.sender.hear()

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
    bench.sender.inbox += [(Seconds(101.004), "keys", [0x90, 60, 80]), (Seconds(101.005), "keys", [0x90, 72, 80])]
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
        bench.sender.inbox.append((Seconds(100.0 + index), "keys", data))
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
        bench.sender.inbox.append((Seconds(100.56), "keys", list(clicks[1])))
        bench.sender.hear()
        assert bench.told == [Heard(MidiEvent(Seconds(100.56), clicks[1]), echo=elsewhere is None)]


def test_another_clock_is_heard_as_soon_as_it_is_wished_for() -> None:
    bench = Bench()

    def ticks() -> list[Seconds]:
        return [at for told in bench.told if isinstance(told, TicksHeard) for at in told.at]

    bench.hear("keys", [0xF8])
    bench.hear("drums", [0xF8])
    assert len(ticks()) == 1  # two clocks are none
    bench.sender.keep_time(TimePorts(hears=True, source="drums"))
    bench.hear("drums", [0xF8])
    assert len(ticks()) == 2
    bench.sender.keep_time(TimePorts(hears=True, source="drums", click=9))  # it is the same still
    bench.hear("keys", [0xF8])
    assert len(ticks()) == 2


def test_what_is_passed_on_leaves_before_it_is_told_and_is_let_go_of_at_the_end() -> None:
    bench = Bench(Keyboard((Control(0x90, 36),), transpose=12, thru=True))
    bench.hear("keys", [0x90, 60, 80], [0xB0, 64, 127], [0x90, 36, 80], [0x80, 36, 0])
    assert bench.sent == [b"\x90\x48\x50", b"\xb0\x40\x7f"]
    assert [(heard.event.data, heard.control) for heard in bench.told if isinstance(heard, Heard)] == [
        (b"\x90\x48\x50", False),
        (b"\xb0\x40\x7f", False),
        (b"\x90\x24\x50", True),
        (b"\x80\x24\x00", True),
    ]
    bench.sender.close()
    assert bench.sent[2:4] == [b"\x80\x48\x40", b"\xb0\x40\x00"]


def test_what_a_loop_brings_back_is_not_passed_on_again() -> None:
    bench = Bench(Keyboard(thru=True))
    bench.hear("keys", [0x90, 60, 80], [0x90, 60, 80], [0x80, 60, 64], [0x80, 60, 64])
    assert bench.sent == [b"\x90\x3c\x50", b"\x80\x3c\x40"]
    assert [heard.echo for heard in bench.told if isinstance(heard, Heard)] == [False, True, False, True]


def test_a_keyboard_that_goes_takes_what_it_held_through_us_with_it() -> None:
    bench = Bench(Keyboard(thru=True))
    bench.hear("keys", [0x90, 60, 80])
    bench.sender.lose_input("keys", deaf=True)
    assert bench.sent[-1] == b"\x80\x3c\x40"


def test_one_of_two_keyboards_that_goes_takes_only_what_it_alone_held() -> None:
    bench = Bench(Keyboard(thru=True))
    bench.hear("keys", [0x90, 60, 80], [0x90, 64, 80], [0xB0, 64, 127])
    bench.hear("pads", [0x90, 64, 90], [0x90, 67, 90])
    bench.sent.clear()
    bench.told.clear()
    bench.sender.lose_input("keys", deaf=False)
    assert bench.sent == [b"\x80\x3c\x40", b"\xb0\x40\x00"]
    assert bench.told == [Heard(MidiEvent(Seconds(100.0), data), echo=False) for data in bench.sent]
    bench.hear("pads", [0x80, 64, 0], [0x80, 67, 0])
    assert bench.sent[2:] == [b"\x80\x40\x00", b"\x80\x43\x00"]


def test_of_two_clocks_one_is_heard() -> None:
    bench = Bench()
    for _ in range(3):
        bench.hear("drums", [0xF8])
        bench.hear("keys", [0xF8], [0xFC])
    assert bench.told == [TicksHeard((Seconds(100.0),))] * 3
    bench.told.clear()
    bench.sender.lose_input("drums", deaf=False)
    bench.hear("keys", [0xF8])
    assert bench.told == [TicksHeard((Seconds(100.0),))]


def test_another_synth_gets_the_rest_and_the_one_before_the_ends() -> None:
    bench = Bench(Keyboard(thru=True), choosing=[b"\xc0\x05"])
    bench.play(101.0, 102.0)
    bench.pass_to(101.0)
    bench.hear("keys", [0x90, 48, 80])
    bench.sent.clear()
    bench.sender.leave_output()
    assert bench.sent == [
        *(b"\x80\x30\x40", b"\x80\x3c\x40"),
        *(b"\xb0\x40\x00", b"\xb0\x78\x00", b"\xb0\x7b\x00"),
    ]
    bench.sent.clear()
    bench.sender.gain_output(Instrument.SEPARATE)
    bench.pass_to(102.0)
    assert bench.sent[-2:] == [b"\xc0\x05", b"\x90\x3d\x50"]
    bench.hear("keys", [0x80, 48, 0])
    assert bench.sent[-1] == b"\x80\x30\x00"


def test_the_end_silences_the_synth_although_a_key_is_held_that_was_passed_on() -> None:
    bench = Bench(Keyboard(thru=True), thru=True)
    bench.play(101.0)
    bench.pass_to(101.0)
    bench.pass_to(101.5)
    bench.hear("keys", [0x90, 48, 80])
    bench.sender.close()
    assert bench.sent[-4:] == [b"\x80\x30\x40", b"\xb0\x40\x00", b"\xb0\x78\x00", b"\xb0\x7b\x00"]


def test_the_sound_is_chosen_each_time_that_the_synth_comes_in_reach() -> None:
    bench = Bench(choosing=[b"\xc0\x05"])
    bench.sender.gain_output(Instrument.SEPARATE)
    bench.sender.obey(Aside((b"\xc0\x06",), choosing=True))
    bench.sender.obey(Aside((b"\xb0\x66\x7f",)))
    bench.sender.lose_output(Seconds(100.0))
    bench.sender.gain_output(Instrument.SEPARATE)
    assert bench.sent == [b"\xc0\x05", b"\xc0\x06", b"\xb0\x66\x7f", b"\xc0\x06"]


def test_what_controls_are_to_show_goes_to_them_and_not_to_the_synth() -> None:
    bench = Bench()
    bench.sender.obey(Aside((b"\xb0\x15\x40", b"\x90\x24\x7f"), controls=True))
    assert (bench.shown, bench.sent) == ([b"\xb0\x15\x40", b"\x90\x24\x7f"], [])


def test_a_control_that_is_bound_anew_counts_from_then_on() -> None:
    bench = Bench()
    bench.sender.obey(Keyboard((Control(0xB0, 21),)))
    bench.sender.inbox.append((Seconds(100.0), "keys", [0xB3, 21, 5]))
    bench.sender.hear()
    assert bench.told == [Heard(MidiEvent(Seconds(100.0), b"\xb3\x15\x05"), echo=False, control=True)]
