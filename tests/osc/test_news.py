"""What is told of what happens."""

from __future__ import annotations

from typing import Any

from improvd.config.live import LIVE, values
from improvd.config.options import RunOptions
from improvd.core.binding import COMMANDS
from improvd.osc.news import News
from improvd.osc.packets import Message
from improvd.osc.wishes import ROOT

STATE = {
    "event": "state",
    "state": "call",
    "muted": False,
    "bpm": 96.004,
    "confidence": 0.8123,
    "key": None,
    "leader": "player",
}


def settings(**changed: object) -> dict[str, Any]:
    return {"event": "settings", "values": {**values(RunOptions()), **changed}}


def test_each_thing_is_told_where_it_has_changed_and_never_twice() -> None:
    news = News()
    assert news.hear(STATE) == [
        Message("/improvd/state", ("call",)),
        Message("/improvd/mute", (0,)),
        Message("/improvd/tempo", (96.0,)),
        Message("/improvd/confidence", (0.81,)),
        Message("/improvd/leader", ("player",)),
        Message("/improvd/key-heard", ("",)),
    ]
    assert news.hear(STATE) == []
    assert news.hear({**STATE, "bpm": 96.003, "muted": True, "key": "D minor"}) == [
        Message("/improvd/mute", (1,)),
        Message("/improvd/key-heard", ("D minor",)),
    ]


def test_every_option_is_told_and_then_what_changes_of_it() -> None:
    news = News()
    assert {message.address for message in news.hear(settings())} == {f"{ROOT}{name}" for name in LIVE}
    assert news.hear(settings(temperature=0.8)) == [Message("/improvd/temperature", (0.8,))]
    (told,) = news.hear(settings(temperature=2))  # as a file would hold 2.0
    assert type(told.values[0]) is float
    (told,) = news.hear(settings(temperature=2, bars=8))
    assert (told.address, type(told.values[0])) == ("/improvd/bars", int)


def test_whoever_comes_late_is_told_all_that_holds() -> None:
    news = News()
    told = dict(news.hear(STATE) + news.hear(settings()))
    told.update(news.hear(settings(mode="trade")))
    assert dict(news.all()) == told


def test_a_session_that_is_away_holds_nothing() -> None:
    news = News()
    news.hear(STATE)
    assert news.lost() == [Message("/improvd/state", ("away",))]
    assert news.all() == [Message("/improvd/state", ("away",))]
    assert len(news.hear(STATE)) == 6


def test_keys_and_notes_are_told_and_nothing_else_that_goes_by() -> None:
    news = News()
    heard = {"event": "heard", "at": 1.0, "echo": False}
    assert news.hear({**heard, "data": [0x91, 60, 80]}) == [Message("/improvd/note/player", (60, 80, 2))]
    for end in ([0x81, 60, 64], [0x91, 60, 0]):
        assert news.hear({**heard, "data": end}) == [Message("/improvd/note/player", (60, 0, 2))]
    assert news.hear({**heard, "data": [0x90, 60, 80], "echo": True}) == []
    assert news.hear({**heard, "data": [0xB0, 64, 127]}) == []
    sent = {"event": "sent", "planned": 1.0, "actual": 1.0, "data": [0x90, 64, 75]}
    assert news.hear(sent) == [Message("/improvd/note/improvd", (64, 75, 1))]


def test_no_option_and_no_command_has_the_name_of_what_is_only_told() -> None:
    """Else one address would mean two things."""
    news = News()
    only_told = {message.address.removeprefix(ROOT) for message in news.hear(STATE)} - {"mute"}
    assert not {*only_told, "beat", "error", "refresh", "note"} & {*LIVE, *COMMANDS}
    assert not set(LIVE) & set(COMMANDS)
