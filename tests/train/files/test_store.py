from __future__ import annotations

import hashlib
import os
import stat
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.train.files import store
from improvd.train.music.skipped import SkippedError
from tests.train.users import unprivileged

if TYPE_CHECKING:
    import fsspec


@pytest.fixture(autouse=True)
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files, to see what is left in it."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    store._forget.cache_clear()
    return folder


def test_what_is_a_url() -> None:
    for path in ("/a/b.mid", "a.mid", "Suite: I.mid", "a::b.mid", "C:\\a.mid", "~/a", "", "://x", "2://x"):
        assert store.is_local(path)
    for url in ("s3://a/b.mid", "memory://a", "simplecache::s3://a/b", "zip://*.mid::s3://a/b.zip", "HTTP://a/b"):
        assert not store.is_local(url)
    assert store.plain("file:///a/b.mid") == "/a/b.mid"
    assert store.plain("/a/file://b") == "/a/file://b"


@pytest.mark.parametrize(
    ("path", "name", "suffix"),
    [
        ("/a/b.C.MID", "b.C.MID", ".mid"),
        ("a/b/", "b", ""),
        ("s3://a/b.Mid", "b.Mid", ".mid"),
        ("https://a/b.mp3?token=1.x#y", "b.mp3", ".mp3"),
        ("s3://a/what?.mid", "what?.mid", ".mid"),
        ("zip://d/a.xml::s3://b/c.zip", "a.xml", ".xml"),
        ("simplecache::s3://b/c.krn", "c.krn", ".krn"),
        ("a/\udcff\udce9.mid", "��.mid", ".mid"),
    ],
)
def test_names_and_suffixes(path: str, name: str, suffix: str) -> None:
    assert (store.name(path), store.suffix(path)) == (name, suffix)


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [
        ("/a", "b/c.mid", "/a/b/c.mid"),
        ("s3://a/b", "c.mid", "s3://a/b/c.mid"),
        ("s3://a/b/", "../c.mid", "s3://a/c.mid"),
        ("memory:///a", "./b.mid", "memory:///a/b.mid"),
        ("zip://d::s3://b/c.zip", "a.mid", "zip://d/a.mid::s3://b/c.zip"),
        ("simplecache::s3://b", "a.mid", "simplecache::s3://b/a.mid"),
    ],
)
def test_joining_and_parents(folder: str, name: str, path: str) -> None:
    assert store.join(folder, name) == path
    if "." not in name.partition("/")[0]:
        assert store.parent(store.join(folder, "x.mid")) == folder


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_any_path_has_a_name(path: str) -> None:
    for one in (path, f"s3://{path}", f"zip://{path}"):
        assert "\udc80" not in store.name(one)
        store.suffix(one)
        store.parent(one)
        store.join(store.parent(one), "x")


def test_a_local_file_is_itself(tmp_path: Path, copies: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(b"music")
    with store.local(str(path), 5) as file:
        assert file == path
    assert list(copies.iterdir()) == []
    assert store.digest(str(path), 5) == hashlib.sha256(b"music").hexdigest()


def test_a_file_elsewhere_is_copied_and_the_copy_goes(memory: fsspec.AbstractFileSystem, copies: Path) -> None:
    memory.pipe("/corpus/deep/a.MID", b"music")
    with store.local("memory://corpus/deep/a.MID") as file:
        assert (file.read_bytes(), file.suffix) == (b"music", ".mid")
        assert copies in file.parents
    assert list(copies.iterdir()) == []
    with pytest.raises(ZeroDivisionError), store.local("memory://corpus/deep/a.MID"):
        raise ZeroDivisionError
    assert list(copies.iterdir()) == []
    assert store.digest("memory://corpus/deep/a.MID") == hashlib.sha256(b"music").hexdigest()


def test_size_is_bounded(memory: fsspec.AbstractFileSystem, tmp_path: Path, copies: Path) -> None:
    memory.pipe("/a.mid", bytes(5 * 2**20))
    with (tmp_path / "a.mid").open("wb") as endless:
        endless.truncate(2**40)
    for path in ("memory://a.mid", str(tmp_path / "a.mid")):
        for fetch in (lambda path: store.local(path, 2**20).__enter__(), lambda path: store.digest(path, 2**20)):
            with pytest.raises(SkippedError, match="larger than 1 MiB"):
                fetch(path)
    assert list(copies.iterdir()) == []


def test_an_archive_that_unpacks_to_more_than_it_may_is_left(tmp_path: Path, copies: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.mid", bytes(50 * 2**20))
    with (
        pytest.raises(SkippedError, match="larger than 1 MiB"),
        store.local(f"zip://bomb.mid::{tmp_path}/a.zip", 2**20),
    ):
        pass
    assert list(copies.iterdir()) == []


def test_a_stamp_changes_with_the_file(tmp_path: Path, memory: fsspec.AbstractFileSystem) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(b"music")
    before = store.stamp(str(path))
    assert store.stamp(str(path)) == before
    os.utime(path, ns=(1, 1))
    assert store.stamp(str(path)) != before
    memory.pipe("/a.mid", b"music")
    there = store.stamp("memory://a.mid")
    assert store.stamp("memory://a.mid") == there
    memory.pipe("/a.mid", b"other")
    assert store.stamp("memory://a.mid") != there


def _link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent / "nothing")


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path)


REASONS = {
    "gone": (lambda _: None, "^not there$"),
    "a folder": (Path.mkdir, "a folder"),
    "a pipe": (os.mkfifo, "not a file, but a pipe"),
    "a link to nothing": (_link_to_nothing, "a link that leads nowhere"),
    "a link to itself": (_link_to_itself, "can't be read"),
}


@pytest.mark.parametrize("kind", REASONS)
def test_why_a_file_cant_be_had(kind: str, tmp_path: Path) -> None:
    make, reason = REASONS[kind]
    make(tmp_path / "a.mid")
    path = str(tmp_path / "a.mid")
    for ask in (store.stamp, store.digest, lambda path: store.local(path).__enter__()):
        with pytest.raises(SkippedError, match=reason):
            ask(path)
    assert not store.exists(path)


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.touch(mode=0)
    with unprivileged(tmp_path), pytest.raises(SkippedError, match="permission denied"):
        store.digest(str(path))


def test_a_device_is_no_file() -> None:
    assert stat.S_ISCHR(Path("/dev/zero").stat().st_mode)
    with pytest.raises(SkippedError, match="not a file"):
        store.digest("/dev/zero")


def test_what_cant_be_reached_is_a_reason(memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(memory), "_open", _offline)
    monkeypatch.setattr(type(memory), "info", _offline)
    for ask in (store.stamp, store.digest):
        with pytest.raises(SkippedError, match=r"can't be read \(the line is dead\)"):
            ask("memory://a.mid")
    assert not store.exists("memory://a.mid")
    for url in ("nowhere://a.mid", "memory://gone.mid"):
        with pytest.raises(SkippedError):
            store.digest(url)


def _offline(*_: object, **__: object) -> None:
    raise ConnectionError("the\n line is\tdead")


def test_copies_that_killed_readers_left_are_taken_away(memory: fsspec.AbstractFileSystem, copies: Path) -> None:
    old, new = (copies / f"{store.COPIES}{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir()
        (folder / "fetched.mid").touch()
    os.utime(old, (0, time.time() - 2 * store.FORGOTTEN_AFTER))
    memory.pipe("/a.mid", b"music")
    with store.local("memory://a.mid"):
        pass
    assert list(copies.iterdir()) == [new]
