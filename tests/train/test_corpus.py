from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from improvd.errors import CorpusError
from improvd.train import store
from improvd.train.corpus import find
from tests.train.music import tune, write_midi

if TYPE_CHECKING:
    from pathlib import Path


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
