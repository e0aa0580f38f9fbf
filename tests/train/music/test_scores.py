from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.errors import CorpusError
from improvd.model.tokens import BAR, METRE, PITCH, Metre
from improvd.train.files import store
from improvd.train.files.cache import remembered
from improvd.train.files.corpus import Entry, find
from improvd.train.intake.ingest import ingest
from improvd.train.intake.pool import each
from improvd.train.music import scores
from improvd.train.music.reading import read_piece
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from improvd.model.tokens import TickNotes

pytestmark = [
    pytest.mark.needs("music21"),
    pytest.mark.filterwarnings("ignore"),  # music21 warns of its own parts
]

# The same nine notes in each language: a pick-up of one beat, 3/4, the last note tied over the bar.
PITCHES = [67, 72, 74, 76, 77, 79, 76, 72, 60]
ONSETS = [0, 24, 48, 72, 96, 120, 144, 168, 192]
LAST = 96

ABC = "X:1\nT:Waltz\nM:3/4\nL:1/4\nK:C\nG|cde|fge|cC2-|C2z|]\n"
KERN = "**kern *M3/4 4g =1 4cc 4dd 4ee =2 4ff 4gg 4ee =3 4cc [2c =4 2c] 4r == *- ".replace(" ", "\n")


def _note(step: str, octave: int, length: int = 1, tie: str = "", more: str = "") -> str:
    tied = f'<tie type="{tie}"/>' if tie else ""
    return (
        f"<note>{more}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{length}</duration>{tied}<type>{'quarter' if length == 1 else 'half'}</type></note>"
    )


def _part(measures: list[str]) -> str:
    start = "<attributes><divisions>1</divisions><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    body = "".join(
        f'<measure number="{n}" implicit="{"no" if n else "yes"}">{"" if n else start}{text}</measure>'
        for n, text in enumerate(measures)
    )
    return f'<part id="P1">{body}</part>'


def _xml(measures: list[str]) -> str:
    head = '<part-list><score-part id="P1"><part-name>a</part-name></score-part></part-list>'
    return f'<?xml version="1.0"?><score-partwise version="3.1">{head}{_part(measures)}</score-partwise>'


MEASURES = [
    _note("G", 4),
    _note("C", 5) + _note("D", 5) + _note("E", 5),
    _note("F", 5) + _note("G", 5) + _note("E", 5),
    _note("C", 5) + _note("C", 4, 2, "start"),
    _note("C", 4, 2, "stop") + "<note><rest/><duration>1</duration></note>",
]
MUSICXML = _xml(MEASURES)
MEI = (
    '<?xml version="1.0"?><mei xmlns="http://www.music-encoding.org/ns/mei"><music><body><mdiv><score>'
    '<scoreDef meter.count="3" meter.unit="4"><staffGrp><staffDef n="1" lines="5" clef.shape="G" clef.line="2"/>'
    "</staffGrp></scoreDef><section>"
    + "".join(
        f'<measure n="{n}"><staff n="1"><layer n="1">{notes}</layer></staff></measure>'
        for n, notes in enumerate(
            "".join(
                f'<note pname="{name[0]}" oct="{name[1]}" dur="{4 // int(name[2])}"{tie}/>'
                for name, tie in ((one[:3], {"i": ' tie="i"', "t": ' tie="t"'}.get(one[3:], "")) for one in bar.split())
            )
            for bar in ("g41", "c51 d51 e51", "f51 g51 e51", "c51 c42i", "c42t")
        )
    )
    + "</section></score></mdiv></body></music></mei>"
)
LANGUAGES = {"abc": ABC, "krn": KERN, "musicxml": MUSICXML, "xml": MUSICXML, "mei": MEI}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def packed(path: Path, text: str, name: str = "score.xml") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr(name, text)
    return path


def read(path: Path) -> tuple[TickNotes, list[tuple[int, Metre]]]:
    return scores.unpack(scores.parse(path))


@pytest.mark.parametrize("suffix", [*LANGUAGES, "mxl"])
def test_every_language_says_the_same(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"waltz.{suffix}"
    notes, metres = read(packed(path, MUSICXML) if suffix == "mxl" else write(path, LANGUAGES[suffix]))
    assert notes.pitch.tolist() == PITCHES
    assert (notes.onset - notes.onset[0]).tolist() == ONSETS
    assert notes.duration.tolist()[:-1] == [24] * 8
    assert notes.duration[-1] == LAST
    assert metres[-1][1] == Metre(downbeat=int(notes.onset[1]), bar=72)


def test_a_score_becomes_a_piece_with_its_bars(tmp_path: Path) -> None:
    write(tmp_path / "waltzes" / "a.abc", ABC)
    write(tmp_path / "waltzes" / "same.krn", KERN)
    write(tmp_path / "waltzes" / "bad.mei", "once upon a time")
    files = ingest(find([str(tmp_path / "waltzes")])).files
    assert [file.status for file in files] == ["used", "skipped", "duplicate"]
    assert (files[0].entry.style, files[0].notes, files[0].beat_known) == ("waltzes", len(PITCHES), True)
    piece = read_piece(files[0].entry)
    assert piece.rows[:, PITCH].tolist() == PITCHES
    assert piece.rows[:4, BAR].tolist() == [4, 0, 2, 4]
    assert set(piece.rows[:, METRE]) == {6}


def test_a_pick_up_of_half_a_beat_leads_to_a_beat(tmp_path: Path) -> None:
    notes, metres = read(write(tmp_path / "a.abc", "X:1\nM:2/4\nL:1/8\nK:C\nG|cdef|gefd|c4|]\n"))
    assert (notes.onset % 24).tolist()[:3] == [12, 0, 12]
    assert metres[-1][1].downbeat == notes.onset[1]


def test_a_book_of_tunes_is_one_after_the_other(tmp_path: Path) -> None:
    book = ABC + "\n" + ABC.replace("X:1", "X:2").replace("M:3/4", "M:C|").replace("G|", "") + "\nX:3\nnonsense\n"
    notes, metres = read(write(tmp_path / "a.abc", book))
    assert notes.pitch.tolist() == PITCHES + PITCHES[1:]
    assert notes.onset[9] - notes.onset[8] >= 384, "tunes don't run into each other"
    assert [metre.bar for _, metre in metres[1:]][:2] == [72, 96]


def test_what_is_written_beside_the_notes(tmp_path: Path) -> None:
    loud = "<direction><direction-type><dynamics><ff/></dynamics></direction-type></direction>"
    chord = _note("E", 5, more="<chord/>")
    grace = "<note><grace/><pitch><step>A</step><octave>5</octave></pitch></note>"
    notes, _ = read(
        write(tmp_path / "a.musicxml", _xml([*MEASURES[:2], loud + _note("F", 5) + chord + grace + _note("G", 5)]))
    )
    assert notes.pitch.tolist() == [67, 72, 74, 76, 76, 77, 79]
    assert notes.onset[4] == notes.onset[5]
    assert notes.velocity[0] == 72
    assert notes.velocity[-1] > 100


def test_transposing_instruments_are_read_as_they_sound(tmp_path: Path) -> None:
    down = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    notes, _ = read(write(tmp_path / "a.musicxml", MUSICXML.replace("</time>", "</time>" + down)))
    assert notes.pitch.tolist() == [pitch - 2 for pitch in PITCHES]


def _bomb(path: Path) -> None:
    packed(path, "<score-partwise>" + " " * 40 * 2**20)


def _entities(path: Path) -> None:
    lines = ['<!ENTITY a "aaaaaaaaaa">'] + [f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdef", "bcdefg")]  # noqa: B905 - neighbours
    path.write_text(f"<?xml version='1.0'?><!DOCTYPE x [{''.join(lines)}]><score-partwise>&g;</score-partwise>")


BAD: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty": ("a.abc", lambda path: path.write_text(""), "empty file"),
    "blank": ("a.musicxml", lambda path: path.write_text("\n \n"), "empty file"),
    "text": ("a.musicxml", lambda path: path.write_text("once upon a time"), "no score"),
    "a page": ("a.xml", lambda path: path.write_text("<html><body/></html>"), "XML, but no score"),
    "no tune": ("a.abc", lambda path: path.write_text("once upon a time"), "not a score, or damaged"),
    "no kern": ("a.krn", lambda path: path.write_text("once\tupon\na time"), "not a score, or damaged|no notes"),
    "no mei": ("a.mei", lambda path: path.write_text("<mei/>"), "not a score, or damaged|no notes"),
    "bytes": ("a.krn", lambda path: path.write_bytes(bytes(range(256)) * 9), "not a score, or damaged|no notes"),
    "cut": ("a.musicxml", lambda path: path.write_text(MUSICXML[:700]), "not a score, or damaged"),
    "a bomb": ("a.mxl", _bomb, "larger than 16 MiB"),
    "entities": ("a.musicxml", _entities, "entities"),
    "large": ("a.abc", lambda path: path.write_bytes(b"X" * (16 * 2**20 + 1)), "larger than 16 MiB"),
    "archive of nothing": ("a.mxl", lambda path: packed(path, "text", "readme.txt"), "an archive without a score"),
    "cut archive": (
        "a.mxl",
        lambda path: path.write_bytes(packed(path, MUSICXML).read_bytes()[:-40]),
        "damaged or cut short",
    ),
    "rests": ("a.abc", lambda path: path.write_text("X:1\nM:4/4\nL:1/4\nK:C\nzzzz|zzzz|]\n"), "no notes"),
    "few notes": ("a.abc", lambda path: path.write_text("X:1\nM:4/4\nL:1/4\nK:C\ncdef|]\n"), "fewer than 8 notes"),
    "gone": ("a.abc", lambda _: None, "not there"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_score_is_skipped_with_its_reason(kind: str, tmp_path: Path) -> None:
    name, make, reason = BAD[kind]
    make(tmp_path / name)
    with pytest.raises(SkippedError, match=reason):
        read_piece(Entry(str(tmp_path / name), "x"))


def test_a_million_bars_end_in_time(tmp_path: Path) -> None:
    endless = write(tmp_path / "a.abc", "X:1\nM:4/4\nL:1/4\nK:C\n" + "|: cdef |" * 1_000_000)
    results = dict(
        each(read_piece, [Entry(str(endless), "x"), Entry(str(write(tmp_path / "b.abc", ABC)), "x")], 6, workers=1)
    )
    assert isinstance(results[0], SkippedError)
    assert not isinstance(results[1], SkippedError)


def test_a_parsed_score_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.abc", ABC)
    first = read_piece(Entry(str(path), "x"))
    monkeypatch.setattr(scores, "_read", None)
    assert np.array_equal(read_piece(Entry(str(path), "x")).rows, first.rows)
    assert set(remembered(path, scores.REVISION, scores.parse)) == {"notes", "spans"}


def test_a_corpus_that_music21_carries() -> None:
    entries = find(["music21:airdsAirs"])
    assert [store.suffix(entry.path) for entry in entries] == [".abc"] * 6
    assert {(entry.style, entry.source) for entry in entries} == {("airdsAirs", "music21:airdsAirs")}
    (chorale,) = find(["music21:bach/bwv66.6.mxl"])
    assert chorale.style == "bach"
    assert len(read_piece(chorale).rows) > 100


@pytest.mark.parametrize("name", ["music21:nobody", "music21:", "music21:../features", "music21:bach/../../analysis"])
def test_a_corpus_that_music21_does_not_carry(name: str) -> None:
    with pytest.raises(CorpusError, match=r"music21 carries no .*; it has .*bach.*ryansMammoth"):
        find([name])


def test_without_music21_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "find_spec", lambda _: None)
    with pytest.raises(CorpusError, match="pip install 'improvd\\[train\\]'"):
        find(["music21:bach"])
    with pytest.raises(SkippedError, match="pip install 'improvd\\[train\\]'"):
        read_piece(Entry(str(write(tmp_path / "a.abc", ABC)), "x"))
