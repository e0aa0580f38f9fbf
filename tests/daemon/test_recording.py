"""Sessions that are recorded, and cut off at any moment: what was played is kept but for the last second."""

from __future__ import annotations

import os
import random
import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any

import mido
import pytest

from improvd.control import place
from improvd.control.client import Connection
from improvd.recorder import folder as folders
from improvd.recorder.finish import finish
from tests.daemon.running import PATIENCE, Running, wait_until
from tests.daemon.test_cli import improvd
from tests.daemon.test_session import Files, files, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["files", "start"]  # the fixtures of the session's own tests

MAY_BE_LOST = 1.0
"""Seconds, before the moment at which it was killed."""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[tuple[Running, Connection]]:
    """`improvd run` with its real processes and no MIDI system, and a connection to it."""
    running = Running(
        ["-m", "improvd", "run", "--api", "null", "--no-page", "--recordings", str(tmp_path / "kept")],
        XDG_RUNTIME_DIR=str(tmp_path),
    )
    running.wait_line("ready:")
    (path,) = place.alive(tmp_path / "improvd")
    with closing(Connection(path)) as connection:
        yield running, connection
    running.kill()


def chords(begin: float, count: int) -> list[list[Any]]:
    """Quick music: three notes every tenth of a second, each with a pitch of its own for as long as possible."""
    return [
        event
        for step in range(count)
        for voice in range(3)
        for event in (
            [begin + step * 0.1, [0x90, 36 + (step * 3 + voice) % 72, 1 + step % 127]],
            [begin + step * 0.1 + 0.08, [0x80, 36 + (step * 3 + voice) % 72, 64]],
        )
    ]


def played(folder: Path) -> list[tuple[str, bytes]]:
    """(part, message) of all that is kept, in order."""

    def is_finished() -> bool:
        finish(folder)
        return not folders.journals(folder)

    wait_until(is_finished, "MIDI file of each journal")  # a process of the session's may have one in hand
    return [
        (track.name, bytes(message.bytes()))
        for path in folders.recordings(folder)
        for track in mido.MidiFile(path).tracks[1:]
        for message in track
        if not message.is_meta
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_session_that_is_killed_loses_at_most_a_second(
    session: tuple[Running, Connection], tmp_path: Path, seed: int
) -> None:
    running, connection = session
    rnd = random.Random(seed)  # noqa: S311  moments, not secrets
    connection.ask("watch", what=["heard", "sent"])
    begin = connection.ask("clock")["now"] + 0.1
    connection.ask("play", events=chords(begin, 40))
    kill_after, seen = rnd.uniform(0.3, 3.5), []
    for event in connection.events(PATIENCE):
        seen.append(event)
        at = event.get("at", event.get("actual"))
        if at >= begin + kill_after:
            break
    running.end(signal.SIGKILL)
    kept = played(tmp_path / "kept")
    certain = [event for event in seen if event.get("at", event.get("actual")) < begin + kill_after - MAY_BE_LOST]
    heard = [bytes(event["data"]) for event in certain if event["event"] == "heard"]
    assert [data for part, data in kept if part == "player"][: len(heard)] == heard
    assert len([data for part, data in kept if part == "player"]) >= len(heard)


@pytest.mark.parametrize("child", ["ports", "worker"])
def test_a_process_that_is_killed_costs_the_recording_nothing(
    session: tuple[Running, Connection], tmp_path: Path, child: str
) -> None:
    running, connection = session
    connection.ask("watch", what=["heard"])
    events = chords(connection.ask("clock")["now"] + 0.1, 20)
    connection.ask("play", events=events)
    for heard, _ in enumerate(connection.events(PATIENCE), 1):
        if heard == len(events) // 2:
            os.kill(running.child(f"daemon.{child}"), signal.SIGKILL)
        if heard == len(events):
            break
    name = connection.ask("status")["recording"]
    connection.ask("stop")
    assert running.wait() == 0
    kept = [data for part, data in played(tmp_path / "kept") if part == "player"]
    assert [path.stem for path in folders.recordings(tmp_path / "kept")] == [name]
    assert sorted(kept) == sorted(bytes(data) for _, data in events)


def test_a_session_is_one_midi_file_with_its_answers_in_it(start: Callable[..., Running], files: Files) -> None:
    folder = files.trace_path.parent / "kept"
    files.config_path.write_text(f'recordings = "{folder}"')
    running = start("plays", FAKE_RECORD="yes")
    running.wait_line("turn 1:")
    assert running.end() == 0
    wait_until(lambda: [path.suffix for path in folder.iterdir()] == [".mid"], "MIDI file")  # most often by now
    (path,) = folder.iterdir()
    conductor, player, ours = mido.MidiFile(path).tracks
    assert [message.note for message in player if message.type == "note_on"] == [60, 61, 62, 63, 64, 65]
    assert [bytes(message.bytes()).hex() for message in ours if not message.is_meta] == files.synth()
    assert len([message for message in conductor if message.type == "marker"]) == 1
    done = improvd("sessions", "--recordings", str(folder))
    assert f"{path.stem}   " in done.stdout
    assert "6 notes heard" in done.stdout


def test_what_was_cut_off_is_finished_by_the_next_session(start: Callable[..., Running], files: Files) -> None:
    folder = files.trace_path.parent / "kept"
    files.config_path.write_text(f'recordings = "{folder}"')
    first = start("plays", FAKE_RECORD="yes")
    wait_until(files.sounding, "note of the answer")
    first.end(signal.SIGKILL)
    (cut_off,) = folder.iterdir()
    assert cut_off.suffix == ".journal"
    second = start("silent", FAKE_RECORD="yes")
    wait_until(lambda: [path.suffix for path in folder.iterdir()] == [".mid"], "MIDI file")
    assert second.end() == 0


def test_where_no_note_is_played_nothing_is_kept(session: tuple[Running, Connection], tmp_path: Path) -> None:
    running, connection = session
    connection.ask("watch", what=["heard"])
    connection.ask("play", events=[[None, [0xB0, 64, 127]]])
    next(connection.events(PATIENCE))
    assert running.end() == 0
    assert not (tmp_path / "kept").exists()
