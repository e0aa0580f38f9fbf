from __future__ import annotations

from improvd.core.events import Seconds
from improvd.daemon.heartbeat import EVERY, PATIENCE, Heartbeat
from improvd.daemon.messages import Ping, Pong


def at(seconds: float) -> Seconds:
    return Seconds(seconds)


def test_it_asks_every_so_often() -> None:
    heartbeat = Heartbeat()
    heartbeat.restart(at(0.0))
    assert heartbeat.ask(at(EVERY / 2)) is None
    assert heartbeat.ask(heartbeat.deadline) == Ping(1)
    assert heartbeat.ask(at(EVERY * 1.5)) is None
    assert heartbeat.ask(at(EVERY * 2)) == Ping(2)


def test_silence_counts_from_the_first_question_that_was_not_answered() -> None:
    heartbeat = Heartbeat()
    heartbeat.restart(at(0.0))
    for second in range(1, 4):
        heartbeat.ask(at(EVERY * second))
    assert not heartbeat.is_silent(at(EVERY + PATIENCE))
    assert heartbeat.is_silent(at(EVERY + PATIENCE + 0.01))


def test_a_slow_answer_is_one_and_silence_counts_from_the_question_after_it() -> None:
    heartbeat = Heartbeat()
    heartbeat.restart(at(0.0))
    heartbeat.ask(at(1.0))
    heartbeat.ask(at(2.0))
    heartbeat.answered(Pong(1, 0, 0))
    assert not heartbeat.is_silent(at(2.0 + PATIENCE))
    assert heartbeat.is_silent(at(2.1 + PATIENCE))
    heartbeat.answered(Pong(2, 0, 0))
    assert not heartbeat.is_silent(at(100.0))
