"""A session that is talked to from outside, with fakes for its children."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from improvd.control import place
from improvd.control.client import Connection, GoneError
from improvd.errors import UserError
from improvd.rehearsal.replay import Replay, read_trace
from tests.daemon.running import PATIENCE, is_alive, wait_until
from tests.daemon.test_session import Files, files, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.daemon.running import Running

__all__ = ["files", "start"]  # the fixtures of the session's own tests

ALL = ["state", "heard", "planned", "released", "sent", "turn", "settings", "log"]
SOON = 0.5
"""Seconds until what is played, so that none of it comes late, which would change its rhythm, on a busy machine."""
SILENCE = [f"b{channel:x}{controller:02x}00" for channel in range(16) for controller in (64, 120, 123)]


@pytest.fixture
def connect(start: Callable[..., Running], tmp_path: Path) -> Iterator[Callable[..., tuple[Running, Connection]]]:
    """Start a session, and a connection to it once it is ready."""
    made: list[Connection] = []

    def begin(ports: str = "silent", **more: str) -> tuple[Running, Connection]:
        running = start(ports, XDG_RUNTIME_DIR=str(tmp_path), **more)
        running.wait_line("ready:")
        (path,) = place.alive(tmp_path / "improvd")
        made.append(Connection(path))
        return running, made[-1]

    yield begin
    for connection in made:
        connection.close()


def until(session: Connection, kind: str, **values: object) -> dict[str, Any]:
    """The first event of that kind with those values."""
    limit = time.monotonic() + PATIENCE
    for event in session.events(PATIENCE):
        if event["event"] == kind and all(event[name] == value for name, value in values.items()):
            return event
        assert time.monotonic() < limit, f"no {kind} {values}"
    raise AssertionError


def phrase(begin: float, pitch: int = 60) -> list[list[Any]]:
    """Six notes in eighths at 120 bpm."""
    return [
        event
        for beat in range(6)
        for event in (
            [begin + beat * 0.25, [0x90, pitch + beat, 80]],
            [begin + (beat + 0.7) * 0.25, [0x80, pitch + beat, 64]],
        )
    ]


def test_a_status_tells_how_it_is(connect: Callable[..., tuple[Running, Connection]]) -> None:
    running, session = connect("plays")
    running.wait_line("turn 1:")
    status = session.ask("status")
    assert status["pid"] == running.process.pid
    assert status["state"] == "listening"
    assert status["ports"]["inputs"] == [{"wanted": "", "name": "fake keys"}]
    assert status["model"]["name"] == "default"
    assert status["tempo"]["bpm"] == pytest.approx(120, rel=0.02)
    assert status["notes"]["heard"] == 6
    assert status["notes"]["played"] > 0
    assert status["turns"] == {"finished": 1, "interrupted": 0, "stopped": 0, "abandoned": 0}
    assert 0 < status["lateness"]["median"] <= status["lateness"]["max"]
    assert set(status["memory"]) == {"engine", "ports", "model"}
    assert min(status["memory"].values()) > 1_000_000
    assert status["settings"]["temperature"] == 1


def test_what_is_played_from_outside_is_answered_and_all_is_told(
    connect: Callable[..., tuple[Running, Connection]], files: Files
) -> None:
    running, session = connect()
    session.ask("watch", what=ALL)
    begin = session.ask("clock")["now"] + SOON
    played = phrase(begin)
    session.ask("play", events=played)
    seen: list[dict[str, Any]] = []
    for event in session.events(PATIENCE):
        seen.append(event)
        if event["event"] == "log" and event["line"].startswith("turn 1:"):
            break
    assert [[event["at"], event["data"]] for event in seen if event["event"] == "heard"] == played
    states = [event["state"] for event in seen if event["event"] == "state"]
    assert [state for n, state in enumerate(states) if n == 0 or states[n - 1] != state] == [
        "listening",
        "call",
        "thinking",
        "answering",
        *(["listening"] if states[-1] == "listening" else []),
    ]
    beat = next(event["beat"] for event in seen if event["event"] == "state" and event["beat"])
    assert beat["period"] == pytest.approx(0.5, rel=0.02)
    assert "A minor" in [event["key"] for event in seen if event["event"] == "state"]
    planned = [note for event in seen if event["event"] == "planned" for note in event["notes"]]
    struck = [event["data"][1] for event in seen if event["event"] == "sent" and event["data"][0] == 0x90]
    assert struck == [pitch for _, _, _, pitch, *_ in planned] != []
    (turn,) = (event for event in seen if event["event"] == "turn")
    assert (turn["call_notes"], turn["reason"]) == (6, "finished")
    session.ask("stop")
    assert running.wait() == 0
    # It is in the trace as if it had come by cable, and happens again.
    performance = Replay(read_trace(files.trace_path)).perform()
    assert [ended.call_notes for ended in performance.turns] == [6]


def test_a_panic_is_heard_at_the_synth_although_nothing_is_known_to_sound(
    connect: Callable[..., tuple[Running, Connection]], files: Files
) -> None:
    _, session = connect()
    session.ask("panic")
    wait_until(lambda: files.synth() == SILENCE, "silence on all channels")


def test_a_panic_in_mid_answer_ends_it_and_the_duet_goes_on(
    connect: Callable[..., tuple[Running, Connection]], files: Files
) -> None:
    running, session = connect("plays")
    wait_until(files.sounding, "note of the answer")
    session.ask("panic")
    assert "(interrupted)" in running.wait_line("turn 1:")
    wait_until(lambda: files.synth()[-1] == SILENCE[-1], "silence")
    assert not files.sounding()
    session.ask("play", events=phrase(session.ask("clock")["now"] + SOON))
    assert "(finished)" in running.wait_line("turn 2:")
    assert running.end() == 0
    Replay(read_trace(files.trace_path)).perform()


def test_a_muted_session_listens_and_plays_nothing(
    connect: Callable[..., tuple[Running, Connection]], files: Files
) -> None:
    running, session = connect()
    session.ask("mute", on=True)
    session.ask("watch", what=["state"])
    session.ask("play", events=phrase(session.ask("clock")["now"] + SOON))
    until(session, "state", state="call")
    assert until(session, "state", state="listening")["bpm"] == pytest.approx(120, rel=0.02)
    assert session.ask("status")["muted"] is True
    assert session.ask("status")["notes"]["played"] == 0
    session.ask("mute", on=False)
    session.ask("play", events=phrase(session.ask("clock")["now"] + SOON))
    assert "heard 6 notes" in running.wait_line("turn 1:")
    assert running.end() == 0
    played = read_trace(files.trace_path)
    assert [line["what"] for line in played.lines if line["type"] == "event"] == ["mute", "unmute", "close"]
    assert [turn.call_notes for turn in Replay(played).perform().turns] == [6]


def test_an_option_is_set_for_all_to_see(connect: Callable[..., tuple[Running, Connection]], files: Files) -> None:
    _, session = connect()
    with closing(Connection(place.alive(files.trace_path.parent / "improvd")[0])) as page:
        page.ask("watch", what=["settings"])
        assert until(page, "settings")["values"]["temperature"] == 1
        assert session.ask("set", name="temperature", value=0.5) == {"value": 0.5, "holds": "at once"}
        assert until(page, "settings")["values"]["temperature"] == 0.5
    assert {option["name"]: option["value"] for option in session.ask("settings")}["temperature"] == 0.5

    def told() -> list[float]:
        return [line["settings"]["temperature"] for line in files.trace() if line["type"] == "settings"]

    wait_until(told, "line of the trace")
    assert told() == [0.5]


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("temperature", 7, "temperature must be from 0.05 to 4, not 7"),
        ("trace", "out.jsonl", "trace only changes after a restart"),
        ("out", "Synth", "there is no MIDI output named 'Synth': there is none at all (see: improvd ports)"),
        ("style", "polka", "the model default knows no style 'polka'; it knows: folk"),
    ],
)
def test_what_can_not_be_set_changes_nothing(
    connect: Callable[..., tuple[Running, Connection]], name: str, value: object, complaint: str
) -> None:
    _, session = connect()
    before = session.ask("settings")
    with pytest.raises(UserError, match=re.escape(complaint)):
        session.ask("set", name=name, value=value)
    assert session.ask("settings") == before


def test_a_reload_tells_what_came_of_it(connect: Callable[..., tuple[Running, Connection]], files: Files) -> None:
    _, session = connect()
    session.ask("set", name="top-p", value=0.5)
    files.config_path.write_text("temperature = 0.5")
    assert session.ask("reload")["line"] == "settings read again: temperature 0.5, top-p 0.95 at once"
    files.config_path.write_text("temprature = 0.5")
    with pytest.raises(UserError, match=r"did you mean 'temperature'.*the settings stay as they are"):
        session.ask("reload")


def test_the_end_waits_until_nothing_sounds(connect: Callable[..., tuple[Running, Connection]], files: Files) -> None:
    running, session = connect("plays")
    wait_until(files.sounding, "note of the answer")
    session.ask("stop")
    session.wait_for_the_end(PATIENCE)
    assert not files.sounding()
    assert running.wait() == 0
    with pytest.raises(GoneError):
        session.ask("status")


def test_a_client_that_vanishes_lets_go_of_its_keys(
    connect: Callable[..., tuple[Running, Connection]], files: Files
) -> None:
    running, session = connect()
    with closing(Connection(place.alive(files.trace_path.parent / "improvd")[0])) as page:
        now = page.ask("clock")["now"]
        page.ask("play", events=[*phrase(now)[:-1], [None, [0xB0, 64, 127]]])  # the last key stays down
        page.ask("watch", what=["heard"])
        until(page, "heard", data=[0x90, 65, 80])
    running.wait_line("turn 1: heard 6 notes")
    assert session.ask("status")["turns"]["abandoned"] == 0


def test_a_session_that_starts_says_so_and_changes_nothing(start: Callable[..., Running], tmp_path: Path) -> None:
    running = start("silent", "mute", XDG_RUNTIME_DIR=str(tmp_path))
    wait_until(lambda: place.alive(tmp_path / "improvd"), "socket")
    with closing(Connection(place.alive(tmp_path / "improvd")[0])) as session:
        assert session.ask("status")["state"] == "starting"
        assert session.ask("settings")
        changes = {"panic": {}, "mute": {"on": True}, "set": {"name": "bpm", "value": 96}, "play": {"events": []}}
        for do, more in changes.items():
            with pytest.raises(UserError, match="still starting"):
                session.ask(do, **more)
        session.ask("stop")
    assert running.wait() == 0


def test_a_client_that_floods_and_never_reads_delays_nothing(
    connect: Callable[..., tuple[Running, Connection]], files: Files
) -> None:
    """It asks as fast as it can for the whole of a turn, and is cut off for not reading."""
    running, session = connect("plays")
    (path,) = place.alive(files.trace_path.parent / "improvd")
    with closing(Connection(path)) as flood:
        flood._socket.setblocking(False)
        line = json.dumps({"id": 1, "do": "settings"}).encode() + b"\n"
        cut_off, limit = False, time.monotonic() + PATIENCE
        while not (cut_off and any("turn 1:" in told for told in running.lines)):
            assert time.monotonic() < limit, f"cut off: {cut_off}; {running.lines}"
            try:
                flood._socket.send(line * 20)
            except BlockingIOError:
                pass
            except OSError:
                cut_off = True
            time.sleep(0.001)
    assert "(finished)" in running.wait_line("turn 1:")
    assert session.ask("status")["missed"] == {"notes": 0, "beats": 0, "answers": 0}
    assert session.ask("status")["memory"]["engine"] < 100_000_000


def test_a_killed_sessions_socket_is_the_next_ones(start: Callable[..., Running], tmp_path: Path) -> None:
    first = start("silent", XDG_RUNTIME_DIR=str(tmp_path))
    first.wait_line("ready:")
    first.end(signal.SIGKILL)
    assert place.alive(tmp_path / "improvd") == []
    second = start("silent", XDG_RUNTIME_DIR=str(tmp_path))
    second.wait_line("ready:")
    (path,) = place.alive(tmp_path / "improvd")
    assert path.name == "control.sock"
    third = start("silent", XDG_RUNTIME_DIR=str(tmp_path))
    third.wait_line("ready:")
    assert len(place.alive(tmp_path / "improvd")) == 2
    for running in (second, third):
        assert running.end() == 0
    assert [path.name for path in (tmp_path / "improvd").iterdir()] == ["control.lock"]


def test_without_a_socket_it_plays_all_the_same(start: Callable[..., Running], tmp_path: Path) -> None:
    (tmp_path / "improvd").touch()
    running = start("plays", XDG_RUNTIME_DIR=str(tmp_path))
    running.wait_line("no control socket in ")
    running.wait_line("turn 1:")
    assert running.end() == 0


def test_another_leads_by_a_knob(connect: Callable[..., tuple[Running, Connection]]) -> None:
    running, session = connect()
    for sync, line in (
        ("internal", "leading"),
        ("clock", "following you until there is a clock"),
        ("internal", "leading"),
    ):
        assert session.ask("set", name="sync", value=sync)["holds"] == "from the next call"
        running.wait_line(line)
    session.ask("set", name="sync", value="player")
    wait_until(lambda: running.lines[-1] == "following you", "line of who leads")


@pytest.mark.parametrize("link", ["", "lingers"])
def test_a_link_session_is_joined_and_left_by_a_knob(
    connect: Callable[..., tuple[Running, Connection]], link: str
) -> None:
    running, session = connect(FAKE_LINK=link)
    for times in (1, 2):
        assert session.ask("set", name="sync", value="link")["holds"] == "from the next call"
        running.wait_line("sharing the beat by Ableton Link", times)
        running.wait_line("link, 1 peer", times)
        joined = running.child("fake_link")
        assert session.ask("status")["tempo"] == {"bpm": 132.0, "confidence": 1.0, "leader": "link", "peers": 1}
        session.ask("set", name="sync", value="player")
        running.wait_line("following you", times)
        wait_until(partial(gone, joined), "end of the process in the session")
    with pytest.raises(UserError, match="that takes --sync link"):
        session.ask("press", name="transport")


def gone(pid: int) -> bool:
    return not is_alive(pid)


def test_a_session_killed_is_joined_again_and_gone_from_at_the_end(
    connect: Callable[..., tuple[Running, Connection]],
) -> None:
    running, session = connect()
    session.ask("set", name="sync", value="link")
    running.wait_line("link, 1 peer")
    os.kill(first := running.child("fake_link"), signal.SIGKILL)
    running.wait_line("the Link session is back")
    second = running.child("fake_link")
    assert second != first
    assert running.end() == 0
    assert not is_alive(second)


def test_a_session_that_cannot_be_joined_is_given_up(connect: Callable[..., tuple[Running, Connection]]) -> None:
    running, session = connect(FAKE_LINK="dies")
    session.ask("set", name="sync", value="internal")
    running.wait_line("leading")
    session.ask("set", name="sync", value="link")
    running.wait_line("the process of the Link session ended before it was ready: it is gone (more with --debug); sync")
    wait_until(lambda: session.ask("status")["settings"]["sync"] == "internal", "sync that is given up")
    assert session.ask("status")["tempo"]["leader"] == "internal"
    assert "Link session" not in session.ask("status")["memory"]


def test_without_what_speaks_link_a_knob_goes_on_where_it_was(
    connect: Callable[..., tuple[Running, Connection]],
) -> None:
    _, session = connect(FAKE_LINK="missing")
    with pytest.raises(UserError, match=r"--sync link needs aalink, .* pip install 'improvd\[link\]'"):
        session.ask("set", name="sync", value="link")
    assert session.ask("status")["settings"]["sync"] == "player"
