"""The threads that write: at once, told to the disk soon, and never waited for."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from improvd.recorder import folder as folders
from improvd.recorder import journal, writer
from improvd.recorder.finish import finish
from improvd.recorder.folder import Limits
from improvd.recorder.writer import Journal, Writer
from tests.daemon.running import PATIENCE, wait_until
from tests.recorder.takes import HEADER, scale, take, written

LIMITS = Limits(10**9, None)


class Broken:
    """Keeps what a writer complains of."""

    def __init__(self) -> None:
        self.errors: list[OSError] = []

    def __call__(self, error: OSError) -> None:
        self.errors.append(error)


def lines(folder: Path) -> list[bytes]:
    return [line for path in folders.journals(folder) for line in path.read_bytes().splitlines()]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Journals are finished in no other process, so that what was written can be looked at."""
    monkeypatch.setattr(writer, "FINISH", ("true",))


def start(folder: Path) -> tuple[Writer, Broken]:
    broken = Broken()
    return Writer(folder, LIMITS, lambda: HEADER, broken), broken


@pytest.mark.usefixtures("here")
def test_a_recording_begins_with_what_begins_one(tmp_path: Path) -> None:
    recorder, broken = start(tmp_path / "new" / "folder")
    recorder.write("before")
    recorder.write("first", begins=True)
    recorder.write("second")
    recorder.close()
    assert lines(tmp_path / "new" / "folder") == [HEADER.encode(), b"first", b"second"]
    assert broken.errors == []


def test_nothing_is_left_where_nothing_was_played(tmp_path: Path) -> None:
    recorder, _ = start(tmp_path / "none")
    recorder.write("a pedal")
    recorder.close()
    assert not (tmp_path / "none").exists()


def test_the_end_of_a_session_makes_a_midi_file(tmp_path: Path) -> None:
    recorder, broken = start(tmp_path)
    for line in take(11.0, 0.5):
        recorder.write(line, begins=True)
    recorder.close()
    wait_until(lambda: [path.suffix for path in tmp_path.iterdir()] == [".mid"], "MIDI file")  # most often by now
    assert broken.errors == []


def test_what_a_killed_session_left_is_finished_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01_120000.journal").write_bytes(written(*take(11.0, 0.5))[:-20])
    recorder, _ = start(tmp_path)
    wait_until(lambda: [path.name for path in tmp_path.iterdir()] == ["2026-01-01_120000.mid"], "MIDI file")
    recorder.close()


@pytest.mark.usefixtures("here")
def test_after_a_pause_the_next_note_is_another_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PAUSE", 0.05)
    recorder, _ = start(tmp_path)
    recorder.write("first", begins=True)
    wait_until(lambda: [one.problem for one in folders.listed(tmp_path)] == ["is not finished yet"], "end of it")
    recorder.write("a pedal")
    recorder.write("second", begins=True)
    recorder.close()
    assert lines(tmp_path) == [HEADER.encode(), b"first", HEADER.encode(), b"second"]


@pytest.mark.usefixtures("here")
def test_a_recording_does_not_go_on_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LONGEST", 0.0)
    recorder, _ = start(tmp_path)
    for number in range(3):
        recorder.write(f"note {number}", begins=True)
        recorder.write("its end")
    recorder.close()
    assert len(folders.journals(tmp_path)) == 3
    assert len({path.stem for path in folders.journals(tmp_path)}) == 3


def test_a_recording_is_its_writers_until_it_ends(tmp_path: Path) -> None:
    made = Journal(tmp_path, HEADER)
    made.write(journal.heard(scale(11.0, 0.5)[0]).encode() + b"\n")
    finish(tmp_path)
    (path,) = folders.journals(tmp_path)
    assert path.read_bytes().count(b"\n") == 2  # written, with the process alive or dead
    made.close()
    finish(tmp_path)
    assert folders.journals(tmp_path) == []


def test_the_disk_has_the_file_and_its_name_before_the_journal_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut may come between any two of these."""
    did: list[str] = []
    sync, replace, unlink = os.fsync, Path.replace, Path.unlink

    def fsync(fd: int) -> None:
        sync(fd)
        place = Path(f"/proc/self/fd/{fd}").readlink()
        did.append("folder told" if place == tmp_path else "music told" if ".mid" in place.name else place.name)

    def rename(self: Path, target: Path) -> Path:
        did.append("music named")
        return replace(self, target)

    def take_away(self: Path, missing_ok: bool = False) -> None:
        did.append("journal gone")
        unlink(self, missing_ok=missing_ok)

    (tmp_path / "2026-01-01_120000.journal").write_bytes(written(*take(11.0, 0.5)))
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", rename)
    monkeypatch.setattr(Path, "unlink", take_away)
    finish(tmp_path)
    assert did == ["music told", "music named", "folder told", "journal gone"]


def test_the_disk_is_told_soon_and_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    slow, sync = threading.Event(), os.fsync

    def fsync(fd: int) -> None:
        size = os.fstat(fd).st_size
        if threading.current_thread().name == "recorder-sync":
            assert slow.wait(PATIENCE)
            told.append(size)
        sync(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    made = Journal(tmp_path, HEADER)
    for _ in range(100):
        made.write(b"x" * 99 + b"\n")  # would hang, if it waited for the disk
    (path,) = folders.journals(tmp_path)
    whole = len(HEADER) + 1 + 100 * 100
    assert path.stat().st_size == whole
    slow.set()
    wait_until(lambda: told and told[-1] == whole, "word to the disk")
    made.close()


def test_a_disk_that_is_full_is_told_once_and_the_music_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, broken = start(tmp_path)
    recorder.write("first", begins=True)
    wait_until(lambda: folders.journals(tmp_path), "journal")

    def full(_fd: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        for number in range(10):
            recorder.write(f"note {number}", begins=True)
        recorder.close()
    assert [error.strerror for error in broken.errors] == ["No space left on device"]


def test_a_folder_that_can_not_be_had_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    recorder, broken = start(tmp_path / "file" / "folder")
    for _ in range(3):
        recorder.write("note", begins=True)
    recorder.close()
    assert [error.strerror for error in broken.errors] == ["Not a directory"]


@pytest.mark.usefixtures("here")
def test_two_that_begin_in_the_same_second_have_names_of_their_own(tmp_path: Path) -> None:
    made = [Journal(tmp_path, HEADER) for _ in range(4)]
    assert len(folders.journals(tmp_path)) == 4
    for one in made:
        one.close()
