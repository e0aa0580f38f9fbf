"""MIDI files, read and written by mido."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import mido
from mido.midifiles.meta import KeySignatureError

from improvd.errors import UserError
from improvd.whole import writing

if TYPE_CHECKING:
    from pathlib import Path

SEPARATE_PATTERNS: Final = 2


def read(path: Path) -> mido.MidiFile:
    """A MIDI file whose tracks go together. UserError, in a line that names it, where it isn't one."""
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name one MIDI file")
    try:
        file = mido.MidiFile(path, clip=True)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, EOFError, ValueError, LookupError, TypeError, KeySignatureError) as error:
        raise damaged(path, error) from None
    if file.type == SEPARATE_PATTERNS:
        raise UserError(f"{path}: a MIDI file of format 2 (separate patterns) has no one order to be played in")
    if file.type > SEPARATE_PATTERNS:
        raise damaged(path, ValueError(f"there is no format {file.type}"))
    return file


def damaged(path: Path, error: Exception) -> UserError:
    """What to say of a file that turns out to be none."""
    return UserError(f"{path}: not a MIDI file, or cut short ({str(error) or 'it ends too early'})")


def save(file: mido.MidiFile, path: Path) -> None:
    """Write a file whole or not at all. Raises UserError. May wait for a disk."""
    with writing(path) as whole:
        file.save(file=whole)
