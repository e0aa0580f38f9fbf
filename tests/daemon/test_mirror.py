from __future__ import annotations

from improvd.core.events import PlannedNote, Seconds, Sent
from improvd.daemon.mirror import Mirror


def note(key: int, onset: float, pitch: int) -> PlannedNote:
    return PlannedNote(key, Seconds(onset), Seconds(onset + 1.0), pitch, 80, 2)


def on(at: float, pitch: int) -> Sent:
    return Sent(Seconds(at), Seconds(at), bytes((0x92, pitch, 80)))


def off(at: float, pitch: int) -> Sent:
    return Sent(Seconds(at), Seconds(at), bytes((0x82, pitch, 64)))


def test_what_was_reported_on_and_not_off_may_sound() -> None:
    mirror = Mirror()
    for report in (on(1.0, 60), on(1.0, 64), off(2.0, 60)):
        mirror.sent(report)
    assert mirror.left_behind(Seconds(50.0)) == ((2, 64),)


def test_a_note_whose_time_had_come_counts_before_its_report() -> None:
    mirror = Mirror()
    mirror.planned([note(1, 10.0, 60), note(2, 11.0, 64)])
    assert mirror.left_behind(Seconds(9.0)) == ()
    assert mirror.left_behind(Seconds(10.001)) == ((2, 60),)


def test_a_note_that_was_dropped_is_forgotten_once_its_sender_is_heard_of() -> None:
    mirror = Mirror()
    mirror.planned([note(1, 10.0, 60)])
    assert mirror.left_behind(Seconds(15.0)) == ((2, 60),)  # a sender that is stuck since then may have struck it
    mirror.heard_of(Seconds(15.0))
    assert mirror.left_behind(Seconds(15.0)) == ()


def test_what_was_released_before_its_time_never_counts() -> None:
    mirror = Mirror()
    mirror.planned([note(1, 10.0, 60), note(2, 11.0, 64)])
    mirror.released(Seconds(10.5))
    assert mirror.left_behind(Seconds(12.0)) == ((2, 60),)


def test_a_short_note_that_ended_does_not_count_by_its_plan() -> None:
    mirror = Mirror()
    mirror.planned([note(1, 10.0, 60), note(2, 10.5, 60)])
    mirror.sent(on(10.0, 60))
    mirror.sent(off(10.2, 60))
    assert mirror.left_behind(Seconds(10.3)) == ()
    assert mirror.left_behind(Seconds(10.5)) == ((2, 60),)


def test_a_fresh_process_has_cleared_the_table() -> None:
    mirror = Mirror()
    mirror.sent(on(1.0, 60))
    mirror.cleared()
    assert mirror.left_behind(Seconds(1.0)) == ()
