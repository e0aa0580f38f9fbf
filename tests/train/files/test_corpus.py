from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from fsspec.registry import known_implementations

from improvd.errors import CorpusError
from improvd.train.files import store
from improvd.train.files.corpus import find
from improvd.train.music.reading import read_piece
from tests.train.midi_files import tune, write_midi
from tests.train.users import unprivileged

if TYPE_CHECKING:
    from pathlib import Path

    import fsspec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mid", "deep/er/b.MIDI", "deep/c.kar", "deep/notes.txt"):
        write_midi(tmp_path / "corpus" / name, tune(1))
    return tmp_path / "corpus"


def names(*corpus: str) -> list[str]:
    return [store.name(entry.path) for entry in find(corpus)]


def test_folders_are_searched_to_any_depth_in_a_fixed_order(folder: Path) -> None:
    assert names(str(folder)) == ["a.mid", "c.kar", "b.MIDI"]


def test_a_file_named_twice_is_found_once(folder: Path) -> None:
    (folder / "link.mid").symlink_to(folder / "a.mid")
    assert sorted(names(str(folder), str(folder / "deep"), str(folder / "a.mid"))) == ["a.mid", "b.MIDI", "c.kar"]


def test_links_that_lead_in_circles_are_followed_once(folder: Path) -> None:
    (folder / "deep" / "round").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    assert sorted(names(str(folder))) == ["a.mid", "b.MIDI", "c.kar"]


def test_globs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(names(str(folder / "**" / "*.[mk]*"))) == ["a.mid", "c.kar"]
    monkeypatch.chdir(folder)
    assert names("deep/*.kar") == ["c.kar"]


def test_style_is_the_folder_and_the_manifest_knows_more(folder: Path) -> None:
    (folder / "MANIFEST.csv").write_text(
        "path,Title,composer,source,licence,split,style,source_ref\n"
        "a.mid,A tune,Trad.,An archive,CC0-1.0,test,jig,no. 7\n"
        "deep/c.kar,Other,,,,later,,\n"
        "gone.mid,Not there,,,,,,\n"
        "\n,,,\n",
        encoding="utf-8-sig",
    )
    entries = {store.name(entry.path): entry for entry in find([str(folder)])}
    first = entries["a.mid"]
    assert (first.title, first.composer, first.source) == ("A tune", "Trad.", "An archive")
    assert (first.licence, first.split, first.style, first.reference) == ("CC0-1.0", "test", "jig", "no. 7")
    assert (entries["c.kar"].split, entries["c.kar"].style) == ("", "deep")
    assert entries["b.MIDI"].style == "er"
    assert list(entries) == ["a.mid", "c.kar", "b.MIDI", "gone.mid"]


def test_the_annotation_of_a_recording_is_no_piece_of_its_own(folder: Path) -> None:
    (folder / "a.wav").touch()
    (folder / "manifest.csv").write_text("path,annotation\na.wav,a.mid\ndeep/c.kar,deep/er/b.MIDI\ndeep/er/b.MIDI,\n")
    assert names(str(folder)) == ["a.wav", "c.kar", "b.MIDI"]


def test_what_isnt_there_and_what_holds_no_music(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no such file or folder: .*nowhere"):
        find([str(folder), str(tmp_path / "nowhere")])
    with pytest.raises(CorpusError, match="no such file or folder"):
        find([str(tmp_path / "*.xyz")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match=r"no music files \(\.mid \.midi \.kar .*\) in .*empty"):
        find([str(tmp_path / "empty")])
    with pytest.raises(CorpusError, match="an empty corpus"):
        find([])


def test_a_manifest_of_no_text_is_survived(folder: Path) -> None:
    (folder / "manifest.csv").write_bytes(b"path,title\n\xff\xfe\x00\x01,\xff\na.mid,\xe9\n")
    assert len(find([str(folder)])) == 3


def test_a_corpus_elsewhere_is_found_as_one_here(folder: Path, memory: fsspec.AbstractFileSystem) -> None:
    (folder / "manifest.csv").write_text("path,style,split\na.mid,jig,dev\ndeep/gone.mid,,\n")
    memory.put(str(folder), "/there/corpus", recursive=True)
    here = {(store.name(one.path), one.style, one.split) for one in find([str(folder)])}
    for name in ("memory://there", "memory:///there/corpus/", "simplecache::memory://there/corpus"):
        entries = find([name])
        assert {(store.name(one.path), one.style, one.split) for one in entries} == here
        assert not any(store.is_local(one.path) for one in entries)
    assert names("memory://there/corpus/deep") == ["c.kar", "b.MIDI", "gone.mid"]
    assert names("memory://there/**/*.[mk]*") == ["a.mid", "c.kar"]
    assert names("memory://there/corpus/a.mid", "memory://there/corpus/deep/c.kar", str(folder / "a.mid")) == [
        "a.mid",
        "c.kar",
        "a.mid",
    ]


def test_an_archive_is_a_folder_by_its_url(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("a.mid", "deep/c.kar"):
            archive.write(folder / name, name)
    entries = find([f"zip://::{tmp_path}/all.zip"])
    assert [entry.path for entry in entries] == [
        f"zip://a.mid::{tmp_path}/all.zip",
        f"zip://deep/c.kar::{tmp_path}/all.zip",
    ]
    assert [entry.style for entry in entries] == ["all.zip", "deep"]
    assert len(read_piece(entries[0]).notes) == len(read_piece(find([str(folder / "a.mid")])[0]).notes) == 64


def test_a_file_given_by_its_own_url_is_local(folder: Path) -> None:
    assert [entry.path for entry in find([f"file://{folder}/a.mid"])] == [str(folder / "a.mid")]


def test_what_cant_be_reached(folder: Path, memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="can't reach nowhere://a/b: Protocol not known: nowhere"):
        find([str(folder), "nowhere://a/b"])
    with pytest.raises(CorpusError, match="no such file or folder: memory://gone"):
        find(["memory://gone"])
    monkeypatch.setitem(known_implementations, "absent", {"class": "no_such.Files", "err": "Install no_such"})
    with pytest.raises(CorpusError, match="can't open absent://a: Install no_such"):
        find(["absent://a"])

    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("the line is dead")

    memory.pipe("/there/a.mid", b"")
    for broken in ("find", "info"):
        monkeypatch.setattr(type(memory), broken, offline)
        with pytest.raises(CorpusError, match=r"can't reach memory:/+there: the line is dead"):
            find(["memory://there"])


def test_a_folder_that_may_not_be_looked_into_is_told(folder: Path) -> None:
    with unprivileged(folder):
        (folder / "deep" / "er").chmod(0)
        assert names(str(folder)) == ["a.mid", "c.kar", "er"]
        folder.chmod(0)
        with pytest.raises(CorpusError, match=r"can't look into .*: permission denied"):
            find([str(folder)])


def test_a_folder_called_as_a_file_is_searched(folder: Path) -> None:
    (folder / "deep").rename(folder / "deep.mid")
    assert names(str(folder)) == ["a.mid", "c.kar", "b.MIDI"]
