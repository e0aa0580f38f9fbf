"""The engine's process with fakes for its children: starts, deaths, ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.daemon.running import PATIENCE, Running, catches, environment, is_alive, traced, wait_until, without_room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN = str(Path(__file__).parent / "fake_run.py")
LAST = ["b04000", "b07800", "b07b00"]  # pedal up, all sound off, all notes off


class Files:
    def __init__(self, folder: Path) -> None:
        self.trace_path = folder / "trace.jsonl"
        self.synth_path = folder / "synth.txt"
        self.synth_path.touch()
        self.config_path = folder / "config.toml"

    def trace(self) -> list[dict]:
        return traced(self.trace_path)

    def synth(self) -> list[str]:
        return self.synth_path.read_text().split()

    def sounding(self) -> set[str]:
        held = set()
        for data in self.synth():
            if data[0] == "9":
                held.add(data[1:4])
            elif data[0] == "8":
                held.discard(data[1:4])
        return held


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
def start(files: Files) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(ports: str = "silent", worker: str = "", **more: str) -> Running:
        started.append(
            Running(
                [RUN, str(files.trace_path)],
                FAKE_PORTS=ports,
                FAKE_WORKER=worker,
                FAKE_SYNTH=str(files.synth_path),
                **more,
            )
        )
        return started[-1]

    yield begin
    for running in started:
        running.kill()


def test_a_phrase_is_answered_and_the_end_is_clean(start: Callable[..., Running], files: Files) -> None:
    running = start("plays")
    assert "hearing 'fake keys', playing 'fake synth'" in running.wait_line("ready:")
    assert "heard 6 notes" in running.wait_line("turn 1:")
    children = [running.child("fake_ports"), running.child("fake_worker")]
    assert running.end() == 0
    assert not any(map(is_alive, children))
    assert not files.sounding()
    assert files.synth()[-3:] == LAST


def test_the_trace_tells_it_all_in_order(start: Callable[..., Running], files: Files) -> None:
    running = start("plays")
    running.wait_line("turn 1:")
    running.end()
    lines = files.trace()
    header = lines[0]
    assert header["type"] == "header"
    assert header["settings"]["temperature"] == 1.0
    assert header["model"]["name"] == "default"
    heard = [line for line in lines if line["type"] == "in"]
    assert [line["data"] for line in heard if line["data"].startswith("90")] == [f"90{60 + k:x}50" for k in range(6)]
    assert [line["data"] for line in lines if line["type"] == "out"] == files.synth()
    asked = [(line["turn"], line["segment"]) for line in lines if line["type"] == "generate"]
    answered = [(line["turn"], line["segment"]) for line in lines if line["type"] == "continuation"]
    assert asked == answered != []
    assert sum(line["type"] == "turn" for line in lines) == 1
    assert [line["what"] for line in lines if line["type"] == "event"] == ["close"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_mid_answer_releases_what_sounds(
    start: Callable[..., Running], files: Files, number: signal.Signals
) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    assert running.end(number) == 0
    assert not files.sounding()
    assert files.synth()[-3:] == LAST


def test_ports_killed_in_mid_answer_come_back_and_release(start: Callable[..., Running], files: Files) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    os.kill(running.child("fake_ports"), signal.SIGKILL)
    running.wait_line("the ports are back")
    wait_until(lambda: not files.sounding(), "release")
    running.wait_line("turn 2:")  # the fresh process plays its phrase too, and is answered
    assert running.end() == 0
    assert not files.sounding()


def test_without_files_for_another_process_it_is_tried_again(start: Callable[..., Running], files: Files) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    ports = running.child("fake_ports")
    with without_room(running.process.pid):
        os.kill(ports, signal.SIGKILL)
        running.wait_line("the MIDI ports can't be started: Too many open files; trying again")
    running.wait_line("the ports are back")
    wait_until(lambda: not files.sounding(), "release")
    assert running.end() == 0


def test_ports_that_are_stopped_are_replaced(start: Callable[..., Running], files: Files) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    os.kill(running.child("fake_ports"), signal.SIGSTOP)
    running.wait_line("the ports are back")
    wait_until(lambda: not files.sounding(), "release")
    assert running.end() == 0


def test_the_end_releases_what_sounds_although_the_ports_are_stuck(start: Callable[..., Running], files: Files) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    os.kill(running.child("fake_ports"), signal.SIGSTOP)
    assert running.end() == 0
    assert not files.sounding()
    assert files.synth()[-3:] == LAST


def test_ports_that_never_answer_are_replaced_again_and_again(start: Callable[..., Running]) -> None:
    running = start("mute")
    running.wait_line("MIDI ports: do not answer")
    running.wait_line("the ports are back")
    assert running.end() == 0


def test_ports_that_talk_nonsense_are_replaced(start: Callable[..., Running]) -> None:
    running = start("lies")
    running.wait_line("MIDI ports: sent what is not a message")
    running.wait_line("the ports are back")
    assert running.end() == 0


def test_a_model_killed_in_mid_answer_comes_back_and_the_duet_goes_on(
    start: Callable[..., Running], files: Files
) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    os.kill(running.child("fake_worker"), signal.SIGKILL)
    running.wait_line("the model is back")
    running.wait_line("turn 1:")
    assert running.end() == 0
    assert not files.sounding()


@pytest.mark.parametrize("worker", ["stuck", "dies"])
def test_a_model_that_answers_nothing_is_replaced(start: Callable[..., Running], worker: str) -> None:
    running = start("plays", worker)
    running.wait_line("the model ended unexpectedly")
    running.wait_line("the model is back")
    assert running.end() == 0


def test_the_engine_killed_leaves_nobody_behind(start: Callable[..., Running], files: Files) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    children = [running.child("fake_ports"), running.child("fake_worker")]
    running.end(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, children)), "end of the children")
    assert not files.sounding()
    assert files.synth()[-3:] == LAST
    assert files.trace()[0]["type"] == "header"
    assert files.trace_path.read_text().endswith("\n")  # every line is whole


def test_a_mistake_of_ours_in_mid_answer_leaves_nothing_sounding(start: Callable[..., Running], files: Files) -> None:
    running = start("plays", FAKE_ENGINE="breaks")
    running.wait_line("a mistake of ours")
    assert running.wait() == 1
    assert len(files.synth()) > len(LAST)
    assert not files.sounding()
    assert files.synth()[-3:] == LAST


def test_children_that_never_start_are_one_clear_line(start: Callable[..., Running]) -> None:
    running = start("dies")
    assert "the process of the MIDI ports ended before it was ready" in running.wait_line("error:")
    assert running.wait() == 2


def test_a_reader_that_goes_away_ends_it(files: Files) -> None:
    with subprocess.Popen(
        [sys.executable, RUN, str(files.trace_path)],
        stdout=subprocess.PIPE,
        env=environment(FAKE_PORTS="plays", FAKE_SYNTH=str(files.synth_path)),
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith(b"ready:")
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
    assert not files.sounding()


def test_one_that_was_told_to_ignore_the_hang_up_does(files: Files) -> None:
    code = f"import runpy, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); runpy.run_path({RUN!r}, {{}}, "
    code += "'__main__')"
    running = Running(["-c", code, str(files.trace_path)], FAKE_PORTS="plays", FAKE_SYNTH=str(files.synth_path))
    running.wait_line("ready:")
    running.process.send_signal(signal.SIGHUP)
    running.wait_line("turn 1:")
    assert running.end() == 0


def test_settings_read_again_in_mid_answer_cut_nothing_and_hold_for_the_next(
    start: Callable[..., Running], files: Files
) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    files.config_path.write_text('temperature = 0.5\nstyle = "folk"\nchannel = 4\nmodel = "other"\n')
    running.process.send_signal(signal.SIGHUP)
    assert (
        running.wait_line("settings read again: ")
        == "settings read again: temperature 0.5, style 'folk' at once; channel 4 from the next call; "
        "model 'other' once it is loaded"
    )
    running.wait_line("the model is now other (100 µs a note)")
    assert "(finished)" in running.wait_line("turn 1:")
    assert {data[1] for data in files.synth()} == {"0"}
    os.kill(running.child("fake_ports"), signal.SIGKILL)  # the next one plays its phrase too
    running.wait_line("turn 2:")
    assert running.end() == 0
    assert not files.sounding()
    assert {data[1] for data in files.synth() if data[0] == "9"} == {"0", "3"}
    # Once as they were read, and once as the model was there.
    told = [line for line in files.trace() if line["type"] == "settings"]
    assert [(line["settings"]["temperature"], line["settings"]["channel"]) for line in told] == 2 * [(0.5, 3)]
    # A seed that was drawn stays: what follows a reload can be played again as well.
    assert told[0]["settings"]["seed"] == files.trace()[0]["settings"]["seed"]


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ("temprature = 0.5", "there is no key 'temprature'; did you mean 'temperature'?"),
        ('style = "polka"\nchannel = 4', "the model default knows no style 'polka'; it knows: folk"),
    ],
)
def test_a_broken_configuration_changes_nothing(
    start: Callable[..., Running], files: Files, config: str, complaint: str
) -> None:
    running = start("plays")
    wait_until(files.sounding, "note of the answer")
    files.config_path.write_text(config)
    running.process.send_signal(signal.SIGHUP)
    assert complaint in running.wait_line("; the settings stay as they are")
    assert "(finished)" in running.wait_line("turn 1:")
    assert running.end() == 0
    assert [line for line in files.trace() if line["type"] == "settings"] == []


def test_settings_may_be_read_again_at_any_time(start: Callable[..., Running], files: Files) -> None:
    """Before the model is there, too, and however often."""
    running = start("plays")
    running.child("fake_worker")
    wait_until(lambda: catches(running.process.pid, signal.SIGHUP), "handler for the hang-up")
    for number in range(1, 30):
        files.config_path.write_text(f"max-bars = {number}")
        running.process.send_signal(signal.SIGHUP)
    running.wait_line("max-bars 29 from the next call")
    assert "(finished)" in running.wait_line("turn 1:")
    running.process.send_signal(signal.SIGHUP)
    running.wait_line("settings read again: nothing has changed")
    assert running.end() == 0
    assert not files.sounding()


def test_a_terminal_that_is_closed_ends_it(files: Files) -> None:
    ours, theirs = os.openpty()
    # The first terminal that the leader of a session opens is its own.
    code = f"import os, runpy, sys; terminal = os.open({os.ttyname(theirs)!r}, os.O_RDWR); "
    code += f"runpy.run_path({RUN!r}, {{}}, '__main__')"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(files.trace_path)],
        stdout=subprocess.PIPE,
        env=environment(FAKE_PORTS="plays", FAKE_SYNTH=str(files.synth_path)),
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith(b"ready:")
        process.send_signal(signal.SIGHUP)  # the terminal is still there
        assert any(line.startswith(b"settings read again") for line in process.stdout)
        os.close(theirs)
        os.close(ours)
        assert process.wait(PATIENCE) == 0
    assert not files.sounding()
