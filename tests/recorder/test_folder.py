"""What is in the folder of recordings, and what is deleted from it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from improvd.errors import UserError
from improvd.files import midi
from improvd.recorder import folder as folders
from improvd.recorder import journal
from improvd.recorder.finish import finish
from improvd.recorder.folder import Limits
from improvd.recorder.score import score
from tests.recorder.takes import take, written

DAY = 86_400.0


def kept(folder: Path, name: str, *, size: int = 100, days: float = 0.0) -> Path:
    """A file of that size and age."""
    path = folder / name
    path.write_bytes(b"x" * size)
    then = path.stat().st_mtime - days * DAY
    os.utime(path, (then, then))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_oldest_go_when_all_together_are_too_large(tmp_path: Path) -> None:
    for number in range(5):
        kept(tmp_path, f"2026-01-0{number + 1}_120000.mid")
    folders.prune(tmp_path, Limits(350, None))
    assert names(tmp_path) == [f"2026-01-0{number}_120000.mid" for number in (3, 4, 5)]


def test_what_is_too_old_goes_and_the_newest_stays_whatever_the_limits(tmp_path: Path) -> None:
    kept(tmp_path, "2026-01-01_120000.mid", days=31)
    kept(tmp_path, "2026-01-15_120000.mid", days=29)
    kept(tmp_path, "2026-02-15_120000.mid", days=40)
    assert [path.stem for path in folders.prune(tmp_path, Limits(10**9, 30 * DAY))] == ["2026-01-01_120000"]
    folders.prune(tmp_path, Limits(1, 1.0))
    assert names(tmp_path) == ["2026-02-15_120000.mid"]


def test_nothing_that_is_not_ours_is_ever_deleted(tmp_path: Path) -> None:
    theirs = ["song.mid", "2026-01-01.mid", "2026-01-01_120000.wav", "2026-01-01_120000 copy.mid", "notes.txt"]
    for name in theirs:
        kept(tmp_path, name, size=10_000, days=1000)
    kept(tmp_path, "2026-01-01_120000.mid")
    kept(tmp_path, "2026-01-02_120000.mid")
    folders.prune(tmp_path, Limits(1, 1.0))
    assert names(tmp_path) == sorted([*theirs, "2026-01-02_120000.mid"])


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert folders.prune(tmp_path / "none", Limits(1, 1.0)) == []
    assert folders.listed(tmp_path / "none") == []


def test_a_journal_becomes_a_midi_file(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01_120000.journal").write_bytes(written(*take(11.0, 0.5)))
    finish(tmp_path)
    assert names(tmp_path) == ["2026-01-01_120000.mid"]
    (one,) = folders.listed(tmp_path)
    assert one.summary is not None
    assert {name: one.summary[name] for name in ("heard", "played", "turns", "seconds", "model")} == {
        "heard": 4,
        "played": 4,
        "turns": 1,
        "seconds": 4.75,
        "model": "default",
    }


def test_a_journal_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "2026-01-01_120000.journal"
    path.write_bytes(written(*take(11.0, 0.5)))
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        finish(tmp_path)
        assert names(tmp_path) == [path.name]
        (one,) = folders.listed(tmp_path)
        assert one.problem == "is being recorded"
    finish(tmp_path)
    assert names(tmp_path) == ["2026-01-01_120000.mid"]


def test_one_without_notes_goes_and_one_that_is_damaged_stays_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01_120000.journal").write_bytes(b"")
    (tmp_path / "2026-01-02_120000.journal").write_bytes(written())
    (tmp_path / "2026-01-03_120000.journal").write_bytes(b"\0" * 4096)
    (tmp_path / "2026-01-04_120000.journal").write_bytes(written(*take(11.0, 0.5)))
    finish(tmp_path)
    assert names(tmp_path) == ["2026-01-03_120000.journal", "2026-01-04_120000.mid"]
    assert [one.problem for one in folders.listed(tmp_path)] == ["is damaged: it has no header that can be read", ""]


def test_a_recording_that_others_have_changed_is_listed_as_it_is(tmp_path: Path) -> None:
    music = score(journal.read(written(*take(11.0, 0.5))))
    assert music is not None
    midi.save(music, tmp_path / "2026-01-01_120000.mid")
    data = (tmp_path / "2026-01-01_120000.mid").read_bytes()
    (tmp_path / "2026-01-02_120000.mid").write_bytes(data.replace(b'"turns": 1', b'"turns": x'))
    (tmp_path / "2026-01-03_120000.mid").write_bytes(data.replace(b'"turns": 1', b'"turnz": 1'))
    (tmp_path / "2026-01-04_120000.mid").write_bytes(b"MThd")
    (tmp_path / "2026-01-05_120000.mid").mkdir()
    assert [one.problem for one in folders.listed(tmp_path)] == [
        "",
        "is damaged",
        "is damaged",
        "is no recording of improvd's",
        "can't be read: Is a directory",
    ]


def test_a_models_name_may_hold_anything(tmp_path: Path) -> None:
    header = journal.header(1e9, journal.Seconds(10.0), version="1", model='a "}{" \\ é', meter="4/4")
    data = (header + "\n" + "\n".join(take(11.0, 0.5)) + "\n").encode()
    (tmp_path / "2026-01-01_120000.journal").write_bytes(data)
    finish(tmp_path)
    (one,) = folders.listed(tmp_path)
    assert one.summary is not None
    assert one.summary["model"] == 'a "}{" \\ é'


def test_a_recording_is_found_by_its_name_and_by_nothing_else(tmp_path: Path) -> None:
    path = kept(tmp_path, "2026-01-01_120000.mid")
    assert folders.named(tmp_path, "2026-01-01_120000") == path
    assert folders.named(tmp_path, "2026-01-01_120000.mid") == path
    kept(tmp_path.parent, "outside.mid")
    for name in ("2026-01-01", "../outside", "/etc/passwd", ""):
        with pytest.raises(UserError, match="the last one is 2026-01-01_120000"):
            folders.named(tmp_path, name)


@pytest.mark.parametrize("given", [{}, {"STATE_DIRECTORY": "/var/lib/improvd"}])
def test_the_usual_folder_is_the_users_or_the_services(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    folder = folders.default_folder()
    assert folder.name == "sessions"
    assert (folder == Path("/var/lib/improvd/sessions")) == bool(given)
