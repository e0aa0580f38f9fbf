from __future__ import annotations

import os
import struct
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from improvd.errors import CorpusError
from improvd.model.tokens import BEAT, BEAT_UNKNOWN, PITCH
from improvd.train.files.corpus import Entry, find
from improvd.train.intake.ingest import ingest
from improvd.train.music import audio, transcribe
from improvd.train.music.clean import clean
from improvd.train.music.posteriors import Heard, joined, notes
from improvd.train.music.reading import read_piece
from improvd.train.music.skipped import SkippedError
from tests.train.sounds import MELODY, RATE, plucked, write_wav

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.needs("basic_pitch", "onnxruntime", "soundfile")


def melody(path: Path, rate: int = RATE, **how: int) -> Path:
    return write_wav(path, plucked(MELODY, rate), rate, **how)


def test_a_melody_is_heard_as_it_was_played(tmp_path: Path) -> None:
    played = clean(transcribe.transcribe(melody(tmp_path / "a.wav")))
    assert played.pitch.tolist() == [pitch for _, _, pitch in MELODY]
    assert np.abs(played.onset - [onset for onset, _, _ in MELODY]).max() < 0.05


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_each_format_gives_the_same_notes(suffix: str, tmp_path: Path) -> None:
    import soundfile  # noqa: PLC0415 - only where it is

    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.repeat(plucked(MELODY, 44_100)[:, None], 2, axis=1), 44_100)
    assert clean(transcribe.transcribe(path)).pitch.tolist() == [pitch for _, _, pitch in MELODY]


def test_a_recording_becomes_a_piece_without_a_beat(tmp_path: Path) -> None:
    melody(tmp_path / "songs" / "a.wav", 8_000, channels=2)
    melody(tmp_path / "songs" / "again.WAV", 8_000, channels=2)
    (tmp_path / "songs" / "b.mp3").write_text("once upon a time")
    files = ingest(find([str(tmp_path / "songs")])).files
    assert [file.status for file in files] == ["used", "duplicate", "skipped"]
    assert (files[0].entry.style, files[0].notes, files[0].beat_known) == ("songs", len(MELODY), False)
    piece = read_piece(files[0].entry)
    assert piece.rows[:, PITCH].tolist() == [pitch for _, _, pitch in MELODY]
    assert set(piece.rows[:, BEAT]) == {BEAT_UNKNOWN}


def _fake_ffmpeg(folder: Path, samples: bytes) -> None:
    (folder / "samples").write_bytes(samples)
    script = folder / "ffmpeg"
    script.write_text(
        f"#!{sys.executable}\nimport shutil, sys\nassert sys.argv[-1] == '-'\n"
        f"shutil.copyfileobj(open({str(folder / 'samples')!r}, 'rb'), sys.stdout.buffer)\n"
    )
    script.chmod(0o755)


def test_m4a_is_decoded_by_a_program_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A ")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SkippedError, match=r"needs the program ffmpeg"):
        read_piece(Entry(str(path), "x"))
    _fake_ffmpeg(tmp_path, plucked(MELODY).astype("<f4").tobytes() + b"\0")
    assert read_piece(Entry(str(path), "x")).rows[:, PITCH].tolist() == [pitch for _, _, pitch in MELODY]
    _fake_ffmpeg(tmp_path, b"")
    with pytest.raises(SkippedError, match="not a recording"):
        transcribe.transcribe(path)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _endless(path: Path) -> None:
    # A header that promises four gigabytes at a rate of one sample a second.
    path.write_bytes(path.read_bytes()[:24] + struct.pack("<II", 1, 2) + path.read_bytes()[32:])


def _not_a_number(path: Path) -> None:
    import soundfile  # noqa: PLC0415 - only where it is

    soundfile.write(path, np.full(2 * RATE, np.nan, np.float32), RATE, subtype="FLOAT")


def _hiss(path: Path) -> None:
    write_wav(path, np.random.Generator(np.random.PCG64(0)).normal(0, 1e-5, 4 * RATE).clip(-1e-4, 1e-4))


BAD: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty": ("a.wav", lambda path: path.write_bytes(b""), "empty file"),
    "text": ("a.mp3", lambda path: path.write_text("once upon a time " * 1000), "not a recording"),
    "noise in bytes": ("a.ogg", lambda path: path.write_bytes(bytes(range(256)) * 99), "not a recording"),
    "an archive": ("a.flac", lambda path: path.write_bytes(b"PK\3\4" + bytes(999)), "not a recording"),
    "zeros": ("a.mp3", lambda path: path.write_bytes(bytes(99_999)), "not a recording|fewer than 8"),
    "only its head": ("a.wav", lambda path: path.write_bytes(path.read_bytes()[:44]), "no notes"),
    "cut in its head": ("a.wav", lambda path: path.write_bytes(path.read_bytes()[:20]), "not a recording"),
    "a pipe": ("a.wav", _pipe, "not a file"),
    "a folder": ("a.wav", lambda path: (path.unlink(), path.mkdir()), "a folder"),
    "gone": ("a.wav", lambda path: path.unlink(), "not there"),
    "one sample a second": ("a.wav", _endless, "1 channels at 1 Hz"),
    "no numbers": ("a.wav", _not_a_number, "no notes"),
    "hiss": ("a.wav", _hiss, "no notes"),
    "short": ("a.wav", lambda path: write_wav(path, plucked(MELODY[:1])), "fewer than 8 notes"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_recording_is_skipped_with_its_reason(kind: str, tmp_path: Path) -> None:
    name, spoil, reason = BAD[kind]
    path = melody(tmp_path / name)
    spoil(path)
    with pytest.raises(SkippedError, match=reason):
        read_piece(Entry(str(path), "x"))


def test_what_is_there_of_a_cut_recording_is_used(tmp_path: Path) -> None:
    path = melody(tmp_path / "a.wav")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10 + 1])
    assert 8 <= len(read_piece(Entry(str(path), "x")).rows) <= len(MELODY)


def test_hours_are_refused_by_the_header_and_by_the_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "MOST_MINUTES", 3 / 60)
    with pytest.raises(SkippedError, match="longer than"):
        transcribe.transcribe(melody(tmp_path / "a.wav"))
    _fake_ffmpeg(tmp_path, bytes(4 * RATE * 4))
    (tmp_path / "a.m4a").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SkippedError, match="longer than"):
        transcribe.transcribe(tmp_path / "a.m4a")


def test_without_basic_pitch_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcribe, "find_spec", lambda name: None if name == "basic_pitch" else True)
    with pytest.raises(SkippedError, match="pip install --no-deps basic-pitch"):
        read_piece(Entry(str(melody(tmp_path / "a.wav")), "x"))
    monkeypatch.setattr(transcribe, "find_spec", lambda _: None)
    with pytest.raises(SkippedError, match="improvd\\[train\\]"):
        read_piece(Entry(str(melody(tmp_path / "a.wav")), "x"))
    assert not (tmp_path / "cache").exists(), "what is missing today may be there tomorrow"


def test_a_corpus_of_nothing_but_bad_recordings_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("once upon a time")
    with pytest.raises(CorpusError, match="can't be learnt from: not a recording, or damaged"):
        ingest([Entry(str(tmp_path / "a.mp3"), "x")])


def test_frames_lie_on_one_grid_across_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [0, 7, 141, 142, 143, 283, 284, 900]
    samples = np.zeros(1000 * transcribe.HOP + 5)
    samples[np.array(frames) * transcribe.HOP] = 0.5

    def hear(window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = window[: 172 * transcribe.HOP : transcribe.HOP]
        return (np.repeat(at[:, None], 88, axis=1),) * 2

    monkeypatch.setattr(transcribe, "_model", lambda: hear)
    recording = audio.blocks(write_wav(tmp_path / "a.wav", samples))
    heard = np.concatenate([chances.note for chances in transcribe._chances(recording)])
    assert len(heard) == 1001
    assert np.flatnonzero(heard[:, 0] > 0.1).tolist() == frames


def test_a_long_recording_in_parts_gives_the_notes_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    chances = transcribe.Chances(np.zeros((6000, 88), np.float32), np.zeros((6000, 88), np.float32))
    for start in range(10, 5900, 37):
        pitch = int(rng.integers(0, 88))
        chances.note[start : start + int(rng.integers(6, 90)), pitch] = rng.uniform(0.4, 0.9)
        chances.onset[start, pitch] = rng.uniform(0.6, 0.9)
    monkeypatch.setattr(transcribe, "SEGMENT", 700)
    monkeypatch.setattr(transcribe, "CONTEXT", 150)
    windows = [transcribe.Chances(*(one[n : n + 142] for one in chances)) for n in range(0, 6000, 142)]
    parts = [transcribe._notes_of(segment, 4) for segment in transcribe._segments(windows)]
    whole = transcribe._notes_of(transcribe.Segment(chances, 0, 0, 6000), 4)
    assert len(parts) > 5
    assert len(whole) > 100
    assert np.array_equal(joined(parts).onset, whole.onset)
    assert np.array_equal(joined(parts).pitch, whole.pitch)


def test_notes_of_chances() -> None:
    sounding, onsets = np.zeros((2, 100, 88), np.float32)
    sounding[10:40, 40] = 0.8
    sounding[40:45, 40] = 0.28  # a gap that a note may have
    sounding[45:60, 40] = 0.5
    onsets[10, 40] = 0.9
    sounding[70:90, 50] = 0.6  # it sounds without having begun
    sounding[70:74, 60] = 0.9  # too short
    onsets[70, 60] = 0.9
    heard = notes(sounding, onsets)
    assert heard.pitch.tolist() == [61, 71]
    assert heard.onset.tolist() == [10, 70]
    assert heard.offset.tolist() == [60, 90]
    assert len(notes(sounding, onsets, shortest=3)) == 3
    assert len(notes(sounding[:1], onsets[:1])) == 0
    assert len(notes(sounding[:0], onsets[:0])) == 0


def heard(*rows: tuple[float, float, int, float, float]) -> Heard:
    onset, offset, pitch, strength, attack = np.array(rows, dtype=float).reshape(-1, 5).T
    return Heard(onset, offset, pitch.astype(np.int64), strength, attack)


GOOD = (0.0, 1.0, 60, 0.6, 0.9)
CLEANED: dict[str, tuple[tuple[float, float, int, float, float], bool]] = {
    "a long note": ((2.0, 2.3, 64, 0.5, 0.5), True),
    "a short one that begins clearly": ((2.0, 2.07, 64, 0.5, 0.8), True),
    "a short one that doesn't": ((2.0, 2.07, 64, 0.5, 0.5), False),
    "one that hardly begins": ((2.0, 2.5, 64, 0.5, 0.1), False),
    "its own repeat, unclear": ((1.0, 1.5, 60, 0.5, 0.5), False),
    "its own repeat, clear": ((1.0, 1.5, 60, 0.5, 0.9), True),
    "a repeat after a rest": ((1.2, 1.5, 60, 0.5, 0.5), True),
    "a weak octave": ((0.02, 0.9, 72, 0.3, 0.9), False),
    "a strong octave": ((0.02, 0.9, 72, 0.6, 0.9), True),
    "a weak octave when all is over": ((1.2, 1.9, 72, 0.3, 0.9), True),
}


@pytest.mark.parametrize("kind", CLEANED)
def test_what_cleaning_keeps(kind: str) -> None:
    note, kept = CLEANED[kind]
    assert len(clean(heard(GOOD, note))) == 1 + kept


def test_a_repeat_prolongs_its_note_and_a_chord_begins_together() -> None:
    played = clean(heard(GOOD, (0.012, 0.8, 67, 0.5, 0.9), (0.023, 0.8, 64, 0.5, 0.9), (1.01, 1.5, 60, 0.5, 0.5)))
    assert played.pitch.tolist() == [60, 64, 67]
    assert played.onset.tolist() == [0, 0, 0]
    assert played.offset.tolist() == [1.5, 0.8, 0.8]


def test_velocity_is_scaled_to_the_piece() -> None:
    soft = clean(heard(*((n, n + 0.5, 60, 0.30 + n % 5 * 0.02, 0.9) for n in range(50))))
    loud = clean(heard(*((n, n + 0.5, 60, 0.50 + n % 5 * 0.08, 0.9) for n in range(50))))
    assert soft.velocity.tolist() == loud.velocity.tolist()
    assert np.median(soft.velocity) == 72
    assert len(np.unique(soft.velocity)) == 5
    assert set(clean(heard(GOOD, (2, 3, 60, 0.6, 0.9))).velocity) == {72}
    assert len(clean(heard())) == 0
