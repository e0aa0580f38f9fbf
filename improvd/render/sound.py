"""MIDI files as sound: fluidsynth, where it is installed, with a soundfont that is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Final

from improvd.errors import UserError
from improvd.files import midi
from improvd.whole import writing

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM: Final = "fluidsynth"
VARIABLE: Final = "SOUNDFONT"
"""In the environment: the soundfont to take."""
FOLDERS: Final = (
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
)
"""Where Debian, Fedora, Arch and Homebrew keep soundfonts."""
PREFERRED: Final = ("default-GM.sf2", "default-GM.sf3", "default.sf2", "FluidR3_GM.sf2")
"""What distributions call the one to take."""
HOW: Final = "on Debian and Ubuntu: sudo apt install fluidsynth timgm6mb-soundfont; on macOS: brew install fluid-synth"
OPTIONS: Final = ("-n", "-i", "-q", "-g", "0.6", "-r", "44100", "-O", "s16", "-T", "wav")
"""No MIDI port, no shell, few words; as loud as full chords can be without distortion; and what file it shall write."""
PATIENCE: Final = 60.0
"""Seconds that it may take, beside as long as the music lasts: an idle core needs a fiftieth of that."""


def soundfont(named: Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The soundfont that is named, by an argument or the environment, or one that is installed. Raises UserError."""
    told = named or (Path(environment[VARIABLE]) if environment.get(VARIABLE) else None)
    if told is not None:
        _check(told)
        return told
    found = [font for folder in map(Path, FOLDERS) for font in sorted(folder.glob("*.sf[23]")) if font.is_file()]
    found.sort(key=lambda font: PREFERRED.index(font.name) if font.name in PREFERRED else len(PREFERRED))
    if not found:
        raise UserError(
            f"there is no soundfont to play on: name one by --soundfont or ${VARIABLE}, or install one ({HOW})"
        )
    return found[0]


def synth() -> str:
    """The program's path. UserError, telling how to get it, where it isn't installed."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise UserError(f"sound needs {PROGRAM}, which isn't installed ({HOW})")
    return program


def write_wav(music: Path, path: Path, font: Path) -> float:
    """Play a MIDI file into a WAV file (16 bit, stereo, 44.1 kHz), whole or not at all; returns its seconds.

    Raises UserError where either file is amiss or the synth fails. Waits for the synth: on a free core about a fiftieth
    of the time that the music lasts, and never much longer than that time.
    """
    program, length = synth(), float(midi.read(music).length)
    with writing(path) as file:
        # Whole paths, as a name that begins with a dash is no option.
        inputs = [str(font.absolute()), str(music.absolute())]
        _play([program, *OPTIONS, "-F", file.name, *inputs], PATIENCE + length)
        return _seconds(Path(file.name), length)


def _check(font: Path) -> None:
    """Raise UserError for what is no soundfont: the synth would take another without a word."""
    try:
        with font.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise UserError(f"can't read the soundfont {font}: {error.strerror}") from None
    if not (head.startswith(b"RIFF") and head.endswith(b"sfbk")):
        raise UserError(f"{font}: not a soundfont (sf2 or sf3)")


def _play(command: list[str], longest: float) -> None:
    try:
        done = subprocess.run(  # noqa: S603  the synth that is installed, on files that the user names
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=longest,
            check=False,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{PROGRAM} was stopped after {longest:.0f} s: it should have been done long before") from None
    except OSError as error:
        raise UserError(f"can't start {command[0]}: {error.strerror}") from None
    if done.returncode:
        *_, why = ["no word of why", *filter(None, done.stdout.splitlines())]
        raise UserError(f"{PROGRAM} failed with status {done.returncode}: {why}")


def _seconds(path: Path, least: float) -> float:
    """How long a WAV file lasts. UserError where it is shorter than the music: the synth's own status tells little."""
    try:
        with wave.open(str(path)) as sound:
            seconds = float(sound.getnframes() / sound.getframerate())
    except (wave.Error, EOFError):
        seconds = 0.0
    if seconds < least:
        raise UserError(f"{PROGRAM} wrote {seconds:.1f} s of sound for {least:.1f} s of music: is the disk full?")
    return seconds
