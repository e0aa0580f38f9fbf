from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from improvd.train.files import cache
from improvd.train.music.skipped import SkippedError


class Maker:
    """Makes an array of a file's bytes, and counts how often it is asked to."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, path: Path) -> dict[str, np.ndarray]:
        self.made.append(path.name)
        if path.read_bytes() == b"bad":
            raise SkippedError("no music in it")
        return {"bytes": np.frombuffer(path.read_bytes(), np.uint8)}


@pytest.fixture
def maker() -> Maker:
    return Maker()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_what_was_made_is_made_once_whatever_the_file_is_called(tmp_path: Path, maker: Maker) -> None:
    first, moved = write(tmp_path / "a.mp3", b"abc"), write(tmp_path / "b.mp3", b"abc")
    for path in (first, first, moved):
        assert cache.remembered(path, "1", maker)["bytes"].tolist() == [97, 98, 99]
    assert maker.made == ["a.mp3"]


def test_another_content_revision_or_kind_is_made_anew(tmp_path: Path, maker: Maker) -> None:
    cache.remembered(write(tmp_path / "a.mp3", b"abc"), "1", maker)
    cache.remembered(write(tmp_path / "a.mp3", b"abd"), "1", maker)
    cache.remembered(tmp_path / "a.mp3", "2", maker)
    cache.remembered(write(tmp_path / "a.abc", b"abd"), "2", maker)
    assert len(maker.made) == 4


def test_a_reason_to_skip_is_remembered(tmp_path: Path, maker: Maker) -> None:
    for _ in range(2):
        with pytest.raises(SkippedError, match="no music in it"):
            cache.remembered(write(tmp_path / "a.mp3", b"bad"), "1", maker)
    assert len(maker.made) == 1


@pytest.mark.parametrize("damage", [b"", b"PK\3\4", b"garbage" * 99, None])
def test_a_damaged_entry_is_made_anew(damage: bytes | None, tmp_path: Path, maker: Maker, cache_folder: Path) -> None:
    path = write(tmp_path / "a.mp3", b"abc" * 999)
    cache.remembered(path, "1", maker)
    (entry,) = cache_folder.rglob("*.npz")
    whole = entry.read_bytes()
    middle = len(whole) // 2
    entry.write_bytes(whole[:middle] + b"????" + whole[middle + 4 :] if damage is None else damage)
    assert len(cache.remembered(path, "1", maker)["bytes"]) == 2997
    assert len(maker.made) == 2
    cache.remembered(path, "1", maker)
    assert len(maker.made) == 2


def test_a_cache_that_cant_be_written_is_done_without(tmp_path: Path, maker: Maker, cache_folder: Path) -> None:
    cache_folder.write_text("no folder")
    for _ in range(2):
        assert len(cache.remembered(write(tmp_path / "a.mp3", b"abc"), "1", maker)["bytes"]) == 3
    assert len(maker.made) == 2


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, maker: Maker, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object, **_: object) -> None:
        file.write(b"some")  # type: ignore[attr-defined]  # numpy is given an open file
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    cache.remembered(write(tmp_path / "a.mp3", b"abc"), "1", maker)
    assert not [path for path in cache_folder.rglob("*") if path.is_file()]


def test_where_the_cache_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPROVD_CACHE", "~/elsewhere")
    assert cache.folder() == str(Path.home() / "elsewhere")
    monkeypatch.delenv("IMPROVD_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache.folder() == "/xdg/improvd"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.folder() == str(Path.home() / ".cache" / "improvd")


def test_a_killed_reader_loses_the_file_in_hand_and_no_other(tmp_path: Path, maker: Maker) -> None:
    paths = [write(tmp_path / f"{name}.mp3", name.encode() * 9) for name in "abc"]
    code = (
        "import sys, numpy; from pathlib import Path; from improvd.train.files import cache\n"
        "def make(path):\n"
        "    if path.name == 'b.mp3':\n"
        "        print('in hand', flush=True); sys.stdin.read()\n"
        "    return {'bytes': numpy.frombuffer(path.read_bytes(), numpy.uint8)}\n"
        "for path in sys.argv[1:]: cache.remembered(Path(path), '1', make)\n"
    )
    command = [sys.executable, "-c", code, *map(str, paths)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"in hand\n"
        reader.send_signal(signal.SIGKILL)
    for path in paths:
        cache.remembered(path, "1", maker)
    assert maker.made == ["b.mp3", "c.mp3"]
