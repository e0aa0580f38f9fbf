"""WAV files by fluidsynth: real ones where it is installed, and what is said where it isn't or fails."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import mido
import numpy as np
import pytest

from improvd.errors import UserError
from improvd.render import sound

if TYPE_CHECKING:
    from pathlib import Path


ENDLESS = "exec sleep 600"


def music(path: Path) -> Path:
    """Two seconds: four notes, each half a second, the last a rest."""
    track = mido.MidiTrack()
    for pitch in (69, 72, 76):
        track.append(mido.Message("note_on", note=pitch, velocity=90))
        track.append(mido.Message("note_off", note=pitch, time=480))
    track.append(mido.MetaMessage("end_of_track", time=480))
    mido.MidiFile(tracks=[track], ticks_per_beat=480).save(path)
    return path


def font(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"RIFF\0\0\0\0sfbk")
    return path


def program(folder: Path, script: str) -> str:
    """A synth of our own making; what it is told ends with ``-F FILE FONT MUSIC``."""
    path = folder / "synth"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.needs("fluidsynth")
def test_a_piece_is_heard(tmp_path: Path) -> None:
    """The first half second is an A of 440 Hz, and what follows the last note dies away."""
    seconds = sound.write_wav(music(tmp_path / "-a.mid"), tmp_path / "a.wav", sound.soundfont())
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44_100)
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).mean(axis=1)
    assert seconds == pytest.approx(len(heard) / 44_100)
    assert seconds >= 2.0
    first = heard[4_410:22_050]
    spectrum = np.abs(np.fft.rfft(first * np.hanning(len(first))))
    assert np.fft.rfftfreq(len(first), 1 / 44_100)[spectrum.argmax()] == pytest.approx(440, abs=4)
    assert np.abs(heard[-441:]).max() < 0.1 * np.abs(heard).max()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["-a.mid", "a.wav"]


def test_without_the_synth_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt install fluidsynth") as caught:
        sound.write_wav(music(tmp_path / "a.mid"), tmp_path / "a.wav", font(tmp_path / "a.sf2"))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo first; echo no sound today; exit 3", "status 3: no sound today"),
        ("exit 4", "status 4: no word of why"),
        ("exit 0", r"wrote 0\.0 s of sound for 2\.0 s of music"),
        ("while [ $1 != -F ]; do shift; done; printf RIFFjunk > $2", r"wrote 0\.0 s"),
        (ENDLESS, "stopped after 2 s"),
    ],
)
def test_a_synth_that_fails_leaves_no_half_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, complaint: str
) -> None:
    monkeypatch.setattr(sound, "synth", lambda: program(tmp_path, script))
    if script == ENDLESS:
        monkeypatch.setattr(sound, "PATIENCE", 0.2)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.wav").write_bytes(b"before")
    with pytest.raises(UserError, match=complaint) as caught:
        sound.write_wav(music(tmp_path / "a.mid"), tmp_path / "out" / "a.wav", font(tmp_path / "a.sf2"))
    assert "\n" not in str(caught.value)
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "out").iterdir()] == [("a.wav", b"before")]


def test_a_soundfont_that_is_named_counts_before_the_environment_and_before_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed, told, named = (font(tmp_path / name / "a.sf2") for name in ("installed", "told", "named"))
    monkeypatch.setattr(sound, "FOLDERS", (str(tmp_path / "nowhere"), str(installed.parent)))
    assert sound.soundfont(named, {"SOUNDFONT": str(told)}) == named
    assert sound.soundfont(None, {"SOUNDFONT": str(told)}) == told
    assert sound.soundfont(None, {"SOUNDFONT": ""}) == installed


def test_of_several_soundfonts_the_one_that_the_system_prefers_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sound, "FOLDERS", (str(tmp_path),))
    font(tmp_path / "a.sf2")
    (tmp_path / "default-GM.sf2").symlink_to("nowhere.sf2")
    assert sound.soundfont(None, {}) == tmp_path / "a.sf2"
    assert sound.soundfont(None, {}) != font(tmp_path / "default-GM.sf3")
    assert sound.soundfont(None, {}) == tmp_path / "default-GM.sf3"


def test_without_a_soundfont_it_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "FOLDERS", ())
    with pytest.raises(UserError, match=r"--soundfont.*apt install"):
        sound.soundfont(None, {})


@pytest.mark.parametrize("content", [None, b"", b"RIFF....WAVE", b"text"])
def test_what_is_no_soundfont_is_said_to_be_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "font.sf2"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"font\.sf2"):
        sound.soundfont(path)
