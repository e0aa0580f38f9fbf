"""What a folder from the wild may hold, all of it at once, through the real ingestion.

Each file ends as skipped for its own reason, no reader dies of one or runs out of time, and the good ones between them
are used. "too large, or damaged" and "took longer" would say that a reader did.
"""

from __future__ import annotations

import os
import struct
import wave
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.errors import CorpusError
from improvd.train.files import store
from improvd.train.files.corpus import Entry, find
from improvd.train.intake import ingest as ingestion
from improvd.train.intake import parts, tasks
from improvd.train.intake.ingest import Filed, ingest
from improvd.train.music.reading import read_piece
from improvd.train.music.skipped import SkippedError
from tests.train.midi_files import tune, write_midi
from tests.train.sounds import MELODY, plucked, write_wav
from tests.train.users import unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.needs("symusic", "music21", "onnxruntime", "basic_pitch", "soundfile")

SECONDS = 60.0
"""For one file; the slowest takes about five."""
END = b"\0\xff\x2f\0"
LATER = b"\xff\xff\xff\x7f"
"""The longest delta time, and the longest length, there is."""
NOISE = np.random.Generator(np.random.PCG64(1)).bytes(4000)


def played(seed: int) -> bytes:
    """The events of a tune of a track's own, without its end."""
    return b"".join(bytes([0, 0x90, pitch, 64, 0x60, 0x80, pitch, 0]) for _, pitch, *_ in tune(seed))


PLAYED = played(0)


def midi(*tracks: bytes, count: int | None = None, division: int = 480) -> bytes:
    head = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks) if count is None else count, division)
    return head + b"".join(struct.pack(">4sI", b"MTrk", len(track)) + track for track in tracks)


def archive(path: Path, *names: str, text: str = "", size: int = 0) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, text + " " * size)


def torn(path: Path) -> None:
    """An archive in whose packed data one byte is wrong."""
    archive(path, "a.xml", text=SCORE + "a tune of many different words " * 20)
    data = bytearray(path.read_bytes())
    data[35] = 0xFF
    path.write_bytes(data)


def sound(path: Path, samples: float, rate: int = 22_050) -> None:
    """Two seconds of one and the same 32-bit float."""
    data = np.full(2 * 22_050, samples, "<f4").tobytes()
    shape = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, rate, 4 * rate, 4, 32)
    path.write_bytes(
        struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + shape + b"data" + struct.pack("<I", len(data)) + data
    )


def lying(path: Path) -> None:
    """A good recording that claims to last for a day."""
    higher = [(onset, length, pitch + 2 * (pitch > 64)) for onset, length, pitch in MELODY]
    data = write_wav(path, plucked(higher)).read_bytes()
    path.write_bytes(data[:40] + struct.pack("<I", 2**31) + data[44:])


def no_samples(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)


def sparse(size: int) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def written(data: bytes | str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data if isinstance(data, bytes) else data.encode())


def nested(head: str, tag: str, depth: int, end: str = "") -> Callable[[Path], object]:
    return written(head + f"<{tag}>" * depth + f"</{tag}>" * depth * bool(end) + end)


def laughs(start: str, end: str) -> str:
    """A document whose one entity unfolds to ten thousand million letters."""
    grown = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{grown}]>{start}&j;{end}'


SCORE = "<score-partwise>"
MEI = '<mei xmlns="http://www.music-encoding.org/ns/mei">'
DAMAGED = "damaged or cut short"
NO_SCORE = "not a score, or damaged"
NO_SOUND = "not a recording, or damaged"

BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    # No music at all
    "empty.mid": (Path.touch, "empty file"),
    "empty.mp3": (Path.touch, "empty file"),
    "empty.krn": (Path.touch, "empty file"),
    "text.mid": (written("once upon a time"), "not a MIDI file"),
    "text.mp3": (written("once upon a time\n" * 50), NO_SOUND),
    "text.musicxml": (written("once upon a time"), "XML, but no score"),
    "an-mp3.mid": (written(b"ID3\4" + NOISE), "not a MIDI file"),
    "a-picture.kar": (written(b"\x89PNG\r\n\x1a\n" + NOISE), "not a MIDI file"),
    "a-recording.mxl": (no_samples, NO_SCORE + "|XML, but no score"),
    "noise.abc": (written(b"X:1\nK:C\n" + NOISE), NO_SCORE),
    "noise.krn": (written(NOISE), NO_SCORE + "|no notes"),
    "noise.mei": (written(MEI + "<music>" * 1000), NO_SCORE),
    "noise.ogg": (written(b"OggS" + NOISE), NO_SOUND),
    "noise.flac": (written(b"fLaC\0" + NOISE), NO_SOUND),
    "a-tag.mp3": (written(b"ID3\4\0\0\x7f\x7f\x7f\x7f" + NOISE), NO_SOUND),
    # Music, but none to use
    "few.mid": (lambda path: write_midi(path, tune(1, 5)), "fewer than 8 notes"),
    "drums.mid": (lambda path: write_midi(path, tune(1), channel=9), "no notes but drums"),
    "no-samples.wav": (no_samples, "no notes"),
    "nan.wav": (lambda path: sound(path, np.nan), "no notes"),
    "infinite.wav": (lambda path: sound(path, np.inf), "no notes"),
    # Damaged
    "cut.mid": (lambda path: path.write_bytes(midi(PLAYED + END)[:200]), DAMAGED),
    "cut.mxl": (lambda path: (archive(path, "a.xml", text=SCORE), os.truncate(path, 60)), DAMAGED),
    "no-ticks.mid": (written(midi(PLAYED + END, division=0)), "no ticks to a beat|" + DAMAGED),
    "time-code.mid": (written(midi(PLAYED + END, division=0xE728)), "counts in time code, not in beats"),
    "long-name.mid": (written(midi(b"\0\xff\x01" + LATER + PLAYED + END)), DAMAGED),
    "long-sysex.mid": (written(midi(b"\0\xf0" + LATER + PLAYED + END)), DAMAGED),
    "no-status.mid": (written(midi(b"\0\x40\x40\0\x12\x13" * 40 + END)), DAMAGED),
    "a-riff.mid": (written(b"RIFF" + LATER + b"RMIDdata" + LATER + midi(PLAYED + END)), DAMAGED),
    "torn.mxl": (torn, DAMAGED),
    "no-head.mxl": (written(b"PK\5\6" + b"\xff" * 18), DAMAGED),
    # Hostile
    "all-tracks.mid": (written(midi(PLAYED + END, count=0xFFFF)), "more than 4096 tracks"),
    "a-million-notes.mid": (
        written(midi(b"\0\x90\x3c\x40" + bytes([1, 60, 64, 1, 60, 0]) * 1_000_000 + END)),
        "more than 200000 notes",
    ),
    "no-tempo.mid": (written(midi(b"\0\xff\x51\x03\0\0\0" + PLAYED + END)), "more than 200 notes a second"),
    "for-ever.mid": (written(midi(PLAYED.replace(b"\x60\x80", LATER + b"\x80") + END)), "fewer than 8 notes"),
    "a-terabyte.mid": (sparse(2**40), "larger than 16 MiB"),
    "a-terabyte.wav": (sparse(2**40), "larger than 4096 MiB"),
    "zeros.mp3": (sparse(2**27), NO_SOUND),
    "zeros.abc": (sparse(2**24), NO_SCORE),
    "fast.wav": (lambda path: sound(path, 0.5, rate=2**30 - 1), NO_SOUND + "|Hz"),
    "bomb.mxl": (lambda path: archive(path, "a.xml", text=SCORE, size=2**27), "larger than 16 MiB"),
    "crowd.mxl": (lambda path: archive(path, *(f"{n}.txt" for n in range(5000))), "an archive without a score"),
    "laughs.musicxml": (written(laughs(SCORE, "</score-partwise>")), "defines entities of its own"),
    "laughs.mei": (written(laughs("<mei>", "</mei>")), "defines entities of its own"),
    "laughs16.xml": (written(laughs(SCORE, "</score-partwise>").encode("utf-16")), "defines entities of its own"),
    "spy.musicxml": (
        written(f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>{SCORE}&a;</score-partwise>'),
        "defines entities of its own",
    ),
    "deep.musicxml": (nested(SCORE, "part", 200_000), NO_SCORE),
    "deep.mei": (nested(MEI, "layer", 100_000, "</mei>"), NO_SCORE),
    # No files
    "gone.mid": (lambda path: path.symlink_to(path.parent / "nothing"), "a link that leads nowhere"),
    "round.mid": (lambda path: path.symlink_to(path), "can't be read"),
    "pipe.mid": (os.mkfifo, "not a file, but a pipe or a device"),
    "pipe.wav": (os.mkfifo, "not a file, but a pipe or a device"),
    "pipe.abc": (os.mkfifo, "not a file, but a pipe or a device"),
    "zero.mid": (lambda path: path.symlink_to("/dev/zero"), "not a file, but a pipe or a device"),
    "missing.mid": (lambda path: (path.parent / "manifest.csv").write_text(f"path\n{path.name}\n"), "^not there$"),
}

GOOD: dict[str, Callable[[Path], object]] = {
    "good.mid": lambda path: write_midi(path, tune(1)),
    "good.wav": lambda path: write_wav(path, plucked(MELODY)),
    "good.abc": written("X:1\nM:4/4\nL:1/8\nK:G\nGABc dedB|dedB dedB|c2ec B2dB|A2F2 G4|]\n"),
    "a-folder.mid/inside.mid": lambda path: write_midi(path, tune(2)),
    # Strange, but music: its notes lie in order, whatever it says of tempo, metre and names.
    "tempo-most.mid": written(midi(b"\0\xff\x51\x03\xff\xff\xff" + played(4) + END)),
    "no-metre.mid": written(midi(b"\0\xff\x58\x04\0\0\0\0\0\xff\x58\x04\xff\xff\xff\xff" + played(5) + END)),
    "no-end.mid": written(midi(played(6))),
    "no-text.mid": written(midi(b"\0\xff\x03\x04\xff\xfe\x80\0" + played(7) + END)),
    "crowd.mid": written(midi(played(8) + END, *[END] * 50_000, count=2)),
    "lies.wav": lying,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of it, and links that lead round in circles."""
    top = tmp_path_factory.mktemp("wild")
    for name, make in (*GOOD.items(), *((name, make) for name, (make, _) in BAD.items())):
        (top / name).parent.mkdir(exist_ok=True)
        make(top / name)
    (top / "circle").symlink_to(top)
    return top


@pytest.fixture(scope="module")
def ended(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Filed]]:
    """How each file ended, by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingestion, "FEW_PARTS", 1000)  # threads, so that the limits set here are those that hold
        for kind in (parts.MIDI, parts.SCORES, parts.RECORDED):
            patch.setitem(tasks.SECONDS, kind, SECONDS)
        made = ingest(find([str(folder)]), cache=str(tmp_path_factory.mktemp("cache")))
        yield {store.name(file.entry.path): file for file in made.files}


def test_every_file_is_accounted_for(ended: dict[str, Filed]) -> None:
    assert sorted(ended) == sorted([*BAD, *(Path(name).name for name in GOOD)])


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_skipped_for_its_own_reason(name: str, ended: dict[str, Filed]) -> None:
    assert ended[name].status == "skipped"
    _, reason = BAD[name]
    with pytest.raises(RuntimeError, match=reason):
        raise RuntimeError(ended[name].reason)


@pytest.mark.parametrize("name", GOOD)
def test_what_can_be_used_is(name: str, ended: dict[str, Filed]) -> None:
    file = ended[Path(name).name]
    assert (file.status, file.reason) == ("used", "")
    assert file.notes >= 8


def test_strict_stops_at_the_first(folder: Path, tmp_path: Path) -> None:
    entries = [entry for entry in find([str(folder)]) if store.suffix(entry.path) == ".mid"]
    with pytest.raises(CorpusError, match=r"wild\d+/a-million-notes\.mid: more than 200000 notes \(--strict"):
        ingest(entries, cache=str(tmp_path), strict=True)


EDITS = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.integers(0, 8),
        st.binary(max_size=8) | st.sampled_from([LATER, b"\xff\x51" + LATER, b"MTrk" + LATER, b"\xf0", END]),
    ),
    min_size=1,
    max_size=8,
)


@given(edits=EDITS)
def test_whatever_is_done_to_a_file_is_read_or_skipped(
    edits: list[tuple[int, int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = midi(b"\0\xff\x51\x03\7\xa1\x20\0\xff\x58\4\4\2\x18\x08" + PLAYED + END)
    for where, out, put in edits:
        at = where % (len(data) + 1)
        data = data[:at] + put + data[at + out :]
    path = tmp_path_factory.getbasetemp() / "edited.mid"
    path.write_bytes(data)
    with suppress(SkippedError):
        assert len(read_piece(Entry(str(path), "")).notes) >= 8


def test_names_that_are_no_text_are_read_and_can_be_shown(tmp_path: Path) -> None:
    strange = tmp_path / b"M\xfcller \xff".decode(errors="surrogateescape")
    try:
        strange.mkdir()
    except OSError:
        pytest.skip("this file system has no such names")
    write_midi(strange / "a.mid", tune(1))
    (strange / "b.mid").write_text("a letter")
    made = ingest(find([str(tmp_path)]), cache=str(tmp_path / "cache"))
    assert [(file.status, file.entry.style) for file in made.files] == [("used", "M�ller �"), ("skipped", "M�ller �")]


def test_a_file_that_may_not_be_read_is_skipped(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    write_midi(tmp_path / "a.mid", tune(1))
    ingest(find([str(tmp_path)]), cache=cache)  # as root may be needed to start a reader
    write_midi(tmp_path / "b.mid", tune(2)).chmod(0)
    with unprivileged(tmp_path):
        made = ingest(find([str(tmp_path)]), cache=cache)
    assert [(file.status, file.reason) for file in made.files] == [
        ("used", ""),
        ("skipped", "can't be read (permission denied)"),
    ]
