"""Processes that read: those of this machine, and those of a Dask scheduler, one of them killed in mid-run."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dask
import pandas as pd
import pytest

from improvd.errors import CorpusError
from improvd.train import events
from improvd.train.files import whole
from improvd.train.files.corpus import find
from improvd.train.intake import parts
from improvd.train.intake.crew import Crew, Lost
from improvd.train.intake.ingest import ingest
from tests.train.intake.test_ingest import held, statuses
from tests.train.midi_files import corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.needs("symusic"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

BOUND = 60.0
"""Seconds that anything waited for may take, on however busy a machine."""


def until(found: Callable[[], object]) -> None:
    """Wait for something, with a bound."""
    end = time.monotonic() + BOUND
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def below(process: int) -> dict[int, str]:
    """The processes that one has started, at any remove, and their commands; Python's own helper stays to the end."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if stat[0] != "Z" and "resource_tracker" not in command:
                parents[int(folder.name)] = (int(stat[1]), command)
    found: dict[int, str] = {}
    while more := {
        one: command for one, (of, command) in parents.items() if of in {process, *found} and one not in found
    }:
        found.update(more)
    return found


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[int]]]:
    """A scheduler and workers, each a process of its own on loopback: its address, and the workers' ids."""
    folder.mkdir()
    file = folder / "scheduler.json"
    here = (
        "--scheduler-file",
        str(file),
        "--host",
        "127.0.0.1",
        "--no-dashboard",
        "--dashboard-address",
        "127.0.0.1:0",
    )
    with ExitStack() as ending:
        log = ending.enter_context((folder / "log").open("wb"))

        def start(*command: str) -> int:
            process = subprocess.Popen([sys.executable, "-m", "dask", *command, *here], stdout=log, stderr=log)
            ending.callback(process.wait)
            ending.callback(process.kill)
            return process.pid

        start("scheduler", "--port", "0")
        until(file.exists)
        made = [start("worker", "--no-nanny", "--nthreads", "1", "--memory-limit", "0") for _ in range(workers)]
        yield json.loads(file.read_text())["address"], made


@pytest.fixture
def many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(parts.MOST_FILES, parts.MIDI, 3)
    monkeypatch.setattr(parts, "SHARD_NOTES", 500)


@pytest.mark.usefixtures("many_parts")
def test_a_scheduler_with_a_worker_killed_in_mid_run_gives_what_threads_here_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    entries = find([str(corpus(tmp_path / "jigs", pieces=40))])
    (tmp_path / "jigs" / "tune-07.mid").write_text("a letter")
    killed = []
    with cluster(tmp_path / "dask", 2) as (address, workers):

        def tell(event: events.Event) -> None:
            if isinstance(event, events.Progress) and not killed:
                assert event.total is not None
                assert event.done < event.total / 2
                os.kill(workers[0], signal.SIGKILL)
                killed.append(event.done)

        far = ingest(entries, tell, scheduler=address, cache=str(tmp_path / "far"))
        assert killed
        survivors = below(workers[1])
        assert not [command for command in survivors.values() if "improvd.train.intake.reader" in command]
    near = ingest(entries, cache=str(tmp_path / "near"))
    assert far.files == near.files
    assert statuses(far).count("skipped") == 1
    assert [Path(path).name for path in far.shards] == [Path(path).name for path in near.shards]
    for one, other in zip(far.shards, near.shards, strict=True):
        assert pd.read_parquet(one).equals(pd.read_parquet(other))
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("many_parts")
def test_processes_of_this_machine_give_what_threads_do(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    entries = find([str(corpus(tmp_path / "jigs", pieces=20))])
    told: list[str] = []
    before = below(os.getpid())  # a JACK server that other tests use

    def tell(_: events.Event) -> None:
        told.extend(below(os.getpid()).values())

    near = ingest(entries, tell, workers=2, cache=str(tmp_path / "near"))
    assert sum("spawn_main" in command for command in told) >= 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("improvd.train.intake.ingest.FEW_PARTS", 1000)
        threads = ingest(entries, workers=3, cache=str(tmp_path / "threads"))
    assert near.files == threads.files
    assert held(near) == held(threads)
    assert not below(os.getpid()).keys() - before.keys()
    assert capfd.readouterr() == ("", "")


def test_what_takes_its_workers_with_it_is_given_up_and_the_rest_done() -> None:
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), Crew("", 2, processes=True) as crew:
        jobs = enumerate([signal.SIGCONT, signal.SIGKILL, signal.SIGCONT])
        done = dict(crew.each(signal.raise_signal, jobs))
    assert done == {0: None, 1: Lost("its worker died again and again"), 2: None}


def test_no_more_is_taken_than_there_is_somebody_to_do() -> None:
    taken = []

    def jobs() -> Iterator[tuple[int, float]]:
        for number in range(50):
            taken.append(number)
            yield number, float(number)

    with Crew("", 2, processes=False) as crew:
        for done, _ in enumerate(crew.each(math.sqrt, jobs())):
            assert len(taken) <= done + 1 + 2 * 2


def test_a_task_that_fails_is_one_clear_line() -> None:
    with (
        Crew("", 1, processes=False) as crew,
        pytest.raises(CorpusError, match=r"a worker failed \(ValueError: .*\); all need the same"),
    ):
        list(crew.each(math.sqrt, [(0, -1.0)]))


@pytest.mark.parametrize("address", ["127.0.0.1:9", "tcp://127.0.0.1:9", "nowhere.invalid:8786", "soap://x", "tcp://"])
def test_a_scheduler_that_isnt_there_is_one_clear_line(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("improvd.train.intake.crew.CONNECTING", 1.0)
    with (
        pytest.raises(CorpusError, match="no Dask scheduler answers at") as caught,
        Crew(address, 1, processes=True) as crew,
    ):
        list(crew.each(math.sqrt, [(0, 1.0)]))
    assert "\n" not in str(caught.value)


def test_a_scheduler_without_workers_says_how_to_start_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("improvd.train.intake.crew.HIRING", 0.2)
    with (
        cluster(tmp_path / "dask", 0) as (address, _),
        pytest.raises(CorpusError, match=f"has no workers: start some with `dask worker {address}`"),
        Crew(address, 1, processes=True) as crew,
    ):
        list(crew.each(math.sqrt, [(0, 1.0)]))


@pytest.mark.usefixtures("many_parts")
def test_a_cache_that_not_all_machines_see_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = find([str(corpus(tmp_path / "jigs", pieces=3))])
    size = whole.size
    with cluster(tmp_path / "dask", 1) as (address, _):
        monkeypatch.setattr(whole, "size", lambda path: None if path.endswith(".parquet") else size(path))
        with pytest.raises(CorpusError, match="--cache must name a folder that all machines see"):
            ingest(entries, scheduler=address)


SCRIPT = """
import sys
from improvd.train import events, progress
from improvd.train.intake import parts
from improvd.train.files.corpus import find
from improvd.train.intake.ingest import ingest
def tell(event):
    if isinstance(event, events.Progress):
        print(event.done, flush=True)
if __name__ == "__main__":
    parts.MOST_FILES[parts.MIDI] = 3
    progress.OFTEN = 0
    try:
        ingest(find([sys.argv[1]]), tell, workers=2)
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.needs("music21")
@pytest.mark.usefixtures("many_parts")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_broken_off_leaves_no_process_and_loses_the_part_in_hand(how: signal.Signals, tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs", pieces=20)
    (folder / "endless.abc").write_text("X:1\nM:4/4\nL:1/4\nK:C\n" + "|: cdef |" * 1_000_000)
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        for line in run.stdout:
            if float(line) == 20:  # all but the endless one
                break
        children = below(run.pid)
        assert any("improvd.train.intake.reader" in command for command in children.values())
        if how == signal.SIGINT:
            os.killpg(run.pid, how)  # as a terminal does
        else:
            run.kill()
        assert run.stdout.read() == ("stopped\n" if how == signal.SIGINT else "")
        noise = run.stderr.read()
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    if how == signal.SIGINT:  # of a process that was killed, Python's own helper says so
        assert noise == ""
    (folder / "endless.abc").unlink()
    read = []
    made = ingest(
        find([str(folder)]), lambda event: read.append(event) if getattr(event, "stage", "") == "reading" else None
    )
    assert statuses(made) == ["used"] * 20
    assert not read, "all that was read before is known"
