from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.errors import CorpusError
from improvd.train.files import manifest, store
from improvd.train.files.corpus import Entry, find
from improvd.train.files.manifest import Row, read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NONE: Mapping[str, str] = {}


def rows(folder: Path, text: str | bytes, columns: Mapping[str, str] = NONE) -> list[Row]:
    path = folder / "manifest.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read([str(path)], columns))


def one(folder: Path, text: str, columns: Mapping[str, str] = NONE) -> tuple[list[str], dict[str, str]]:
    [row] = rows(folder, text, columns)
    return [store.name(path) for path in row.files], dict(row.facts)


MAESTRO = (
    "canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration\n"
    'Alban Berg,"Sonata, Op. 1",validation,2018,2018/a.midi,2018/a.wav,698.6\n'
)


def test_the_columns_of_well_known_corpora(tmp_path: Path) -> None:
    facts = {"composer": "Alban Berg", "title": "Sonata, Op. 1", "split": "valid"}
    assert one(tmp_path, MAESTRO) == (["a.midi", "a.wav"], facts)
    assert one(tmp_path, "file_name;Genre;License\r\nx.mp3;Jazz;CC0-1.0\r\n") == (
        ["x.mp3"],
        {"style": "Jazz", "licence": "CC0-1.0"},
    )
    assert one(tmp_path, "﻿Path\tcategory\tSource ref\n./x.mid\tfolk\tno. 7\n") == (
        ["x.mid"],
        {"style": "folk", "reference": "no. 7"},
    )


def test_the_first_column_that_says_something_counts(tmp_path: Path) -> None:
    text = "path,style,genre,category,split\na.mid, ,jig,folk,DEV\nb.mid,reel,,,never\n"
    assert [dict(row.facts) for row in rows(tmp_path, text)] == [{"style": "jig", "split": "valid"}, {"style": "reel"}]


def test_columns_by_option(tmp_path: Path) -> None:
    assert one(tmp_path, MAESTRO, {"style": "Canonical_Composer", "title": "year"})[1] == {
        "composer": "Alban Berg",
        "title": "2018",
        "style": "Alban Berg",
        "split": "valid",
    }
    assert one(tmp_path, MAESTRO, {"path": "audio_filename", "split": ""}) == (
        ["a.wav", "a.midi"],
        {"composer": "Alban Berg", "title": "Sonata, Op. 1"},
    )
    assert one(tmp_path, "song,name\na.mid,A\n", {"path": "song"}) == (["a.mid"], {"title": "A"})
    with pytest.raises(CorpusError, match="no column 'canonical_titel': the manifest has audio_filename, canonical_"):
        rows(tmp_path, MAESTRO, {"title": "canonical_titel"})
    with pytest.raises(CorpusError, match="no column 'x': there is no manifest"):
        list(read([], {"title": "x"}))
    with pytest.raises(CorpusError, match="a column can't be for 'titel', but for one of path, annotation, title"):
        manifest.check({"titel": "x"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "title,composer\nx,y\n",
        "path\n",
        'path,title\n"a.mid',
        "path\na\0b.mid\n",
        "path,title\n\n,\n,,,,\n",
        b"\xff\xfe\x00p\x00a",
        b"PK\x03\x04" + bytes(range(256)) * 40,
    ],
)
def test_what_makes_no_sense_is_left_out(tmp_path: Path, text: str | bytes) -> None:
    assert [row for row in rows(tmp_path, text) if row.files != (str(tmp_path / "a.mid"),)] == []


def test_a_row_that_is_no_csv_doesnt_take_the_others_along(tmp_path: Path) -> None:
    found = rows(tmp_path, f'path,title\na.mid,A\nb.mid,"{"x" * 200_000}"\nc.mid,C\n')
    assert [store.name(path) for row in found for path in row.files] == ["a.mid", "c.mid"]


@given(st.binary(max_size=400), st.sampled_from([b"path,title,split\n", b"midi_filename;annotation\n", b""]))
def test_no_manifest_raises(tmp_path_factory: pytest.TempPathFactory, text: bytes, heading: bytes) -> None:
    for row in rows(tmp_path_factory.mktemp("any"), heading + text):
        assert row.files
        assert set(row.facts) < set(manifest.SYNONYMS)
        assert "".join(row.facts.values()).isprintable() or all(fact.encode() for fact in row.facts.values())


def corpus(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def found(*names: str) -> dict[str, Entry]:
    return {store.name(entry.path): entry for entry in find(names)}


def test_of_the_files_of_one_piece_one_is_read(tmp_path: Path) -> None:
    corpus(tmp_path, "2018/a.midi", "2018/a.wav", "b.wav", "c.aligned.mid")
    (tmp_path / "maestro-v3.0.0.csv").write_text(MAESTRO)
    (tmp_path / "manifest.csv").write_text("path,annotation,title\nb.wav,b.mid,B\nc.wav,c.aligned.mid,C\n")
    entries = found(str(tmp_path))
    assert list(entries) == ["b.wav", "c.aligned.mid", "a.midi"]
    assert [entry.title for entry in entries.values()] == ["B", "C", "Sonata, Op. 1"]
    (tmp_path / "2018" / "a.midi").unlink()
    assert "a.wav" in found(str(tmp_path))


def test_what_a_manifest_names_and_isnt_there_is_told(tmp_path: Path) -> None:
    corpus(tmp_path, "in/a.mid", "out/b.mid")
    (tmp_path / "manifest.csv").write_text(
        "path,style\nin/a.mid,jig\nin/gone.mid,reel\nout/gone.mid,\n../../gone.mid,\n/etc/passwd,\n"
    )
    inside = found(str(tmp_path / "in"))
    assert {name: entry.style for name, entry in inside.items()} == {"a.mid": "jig", "gone.mid": "reel"}
    assert list(found(str(tmp_path / "in" / "*.mid"))) == ["a.mid"]


def test_a_manifest_above_is_known_and_the_nearest_knows_best(tmp_path: Path) -> None:
    corpus(tmp_path, "deep/er/a.mid", "deep/er/b.mid")
    (tmp_path / "manifest.csv").write_text("path,style\ndeep/er/a.mid,above\ndeep/er/b.mid,above\n")
    (tmp_path / "deep" / "er" / "MANIFEST.csv").write_text("path,style\na.mid,beside\n")
    for name in (tmp_path, tmp_path / "deep", tmp_path / "deep" / "er", tmp_path / "deep" / "er" / "?.mid"):
        assert {name: entry.style for name, entry in found(str(name)).items()} == {"a.mid": "beside", "b.mid": "above"}


def test_one_that_cant_be_read_is_an_error(tmp_path: Path) -> None:
    corpus(tmp_path, "a.mid")
    with pytest.raises(CorpusError, match=r"can't read the manifest .*: not there"):
        list(read([str(tmp_path / "manifest.csv")], NONE))


@pytest.mark.needs("symusic", "tensorflow")
@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("titel=x", "improvd: a column can't be for 'titel', but for one of path, annotation, title"),
        ("title=x", "improvd: no column 'x': there is no manifest"),
        ("title", "improvd: --column wants a field and a column, as title=canonical_title, not 'title'"),
    ],
)
def test_a_wrong_column_is_one_clear_line(option: str, line: str, tmp_path: Path) -> None:
    corpus(tmp_path, "a.mid")
    command = [sys.executable, "-m", "improvd", "train", str(tmp_path), "-o", str(tmp_path / "m"), "--column", option]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert run.stderr.startswith(line)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = b"caf\xe9.mid"
    (tmp_path / "manifest.csv").write_bytes(b"path,title\n" + name + b",Caf\xe9\n")
    try:
        (tmp_path / name.decode(errors="surrogateescape")).touch()
    except OSError:
        pytest.skip("this file system has no such names")
    [entry] = find([str(tmp_path)])
    assert (entry.title, store.shown(entry.path)) == ("Caf�", f"{tmp_path}/caf�.mid")
