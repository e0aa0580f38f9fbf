"""Recordings to notes in seconds, with the model of Basic Pitch 0.4.0, run by ONNX Runtime.

Of the package only the weights are used: importing it would load TensorFlow into every worker. The recording goes
through in windows of two seconds, and its notes are made a minute at a time, so memory doesn't grow with its
length.
"""

from __future__ import annotations

import functools
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from improvd.train.music import posteriors
from improvd.train.music.audio import PROGRAM, RATE, blocks
from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from improvd.train.music.posteriors import Heard

REVISION: Final = "basic-pitch-0.4.0 1"
"""Rises whenever the same recording would give other notes."""

HOP: Final = 256
WINDOW: Final = 43_844
MARGIN: Final = 15
KEPT: Final = 142
"""Samples from frame to frame; samples in a window of the model, which gives 172 frames; how many of these are left
out at its beginning, where it knows too little, and how many are kept. A window starts a whole number of frames
after the one before it, so that all frames lie on one grid."""
FRAMES_A_SECOND: Final = RATE / HOP
SEGMENT: Final = 60 * RATE // HOP
CONTEXT: Final = 10 * RATE // HOP
"""Frames whose notes are made together, and how many more on either side are looked at: a note that goes on for
longer than that is cut."""
SHORTEST: Final = 4
"""Shorter notes than Basic Pitch would take: cleaning knows better which of them are real."""
SILENCE: Final = 3e-4
"""A window that is nowhere louder is silence (-70 dB): the model scales what it hears and would find notes in hiss."""


class Chances(NamedTuple):
    """What the model makes of frames: (frames, 88) chances that a pitch sounds and that it begins."""

    note: NDArray[np.float32]
    onset: NDArray[np.float32]


class Segment(NamedTuple):
    """A part of a recording, with context: frame 0 is the recording's ``start``; ``first`` to ``end`` are its own."""

    chances: Chances
    start: int
    first: int
    end: int


def why_not(path: Path) -> str | None:
    """What is missing before a recording can be read, and how to get it; None where all is there."""
    if any(find_spec(name) is None for name in ("onnxruntime", "soundfile", "soxr")):
        return "recordings need more: pip install 'improvd[train]'"
    if find_spec("basic_pitch") is None:
        return "recordings need Basic Pitch: pip install --no-deps basic-pitch==0.4.0"
    if path.suffix.lower() in PROGRAM and shutil.which("ffmpeg") is None:
        return f"{path.suffix} needs the program ffmpeg (on Debian: apt install ffmpeg)"
    return None


def transcribe(path: Path, shortest: int = SHORTEST) -> Heard:
    """The notes of a recording, as the model hears them, that last longer than ``shortest`` frames of 12 ms.

    Uncleaned: `improvd.train.music.clean` is to follow. SkippedError where it can't be read or is too long.
    """
    missing = why_not(path)
    if missing:
        raise SkippedError(missing)
    return posteriors.joined([_notes_of(segment, shortest) for segment in _segments(_chances(blocks(path)))])


def _notes_of(segment: Segment, shortest: int) -> Heard:
    """Notes, in seconds of the recording, that begin in a segment's own frames."""
    heard = posteriors.notes(segment.chances.note, segment.chances.onset, shortest)
    heard = heard.at((heard.onset >= segment.first) & (heard.onset < segment.end))
    return replace(
        heard,
        onset=(heard.onset + segment.start) / FRAMES_A_SECOND,
        offset=(heard.offset + segment.start) / FRAMES_A_SECOND,
    )


def _segments(windows: Iterable[Chances]) -> Iterator[Segment]:
    note = onset = np.empty((0, 88), np.float32)
    start = first = 0
    for window in windows:
        note, onset = np.concatenate([note, window.note]), np.concatenate([onset, window.onset])
        if len(note) >= first + SEGMENT + CONTEXT:
            yield Segment(Chances(note, onset), start, first, first + SEGMENT)
            drop = max(0, first + SEGMENT - CONTEXT)
            note, onset, start, first = note[drop:], onset[drop:], start + drop, first + SEGMENT - drop
    yield Segment(Chances(note, onset), start, first, len(note))


def _chances(recording: Iterable[NDArray[np.float32]]) -> Iterator[Chances]:
    hear = _model()
    step = KEPT * HOP
    for samples, length in _windows(recording):
        frames = min(KEPT, -(-length // HOP))
        if np.abs(samples).max() < SILENCE:
            yield Chances(*np.zeros((2, frames, 88), np.float32))
            continue
        note, onset = hear(samples)
        kept = slice(MARGIN, MARGIN + frames)
        yield Chances(note[kept], onset[kept])
        if length < step:
            return


def _windows(recording: Iterable[NDArray[np.float32]]) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Windows for the model, and how many samples are left to each from where its kept frames begin."""
    step = KEPT * HOP
    held = np.zeros(MARGIN * HOP, np.float32)
    for block in recording:
        held = np.concatenate([held, block])
        while len(held) >= WINDOW:
            yield held[:WINDOW], step
            held = held[step:]
    while len(held) > MARGIN * HOP:
        yield np.pad(held[:WINDOW], (0, max(0, WINDOW - len(held)))), len(held) - MARGIN * HOP
        held = held[step:]


@functools.cache
def _model() -> Any:  # noqa: ANN401 - ONNX Runtime has no types
    """The model as a function of a window's samples that gives (172, 88) chances of notes and of onsets."""
    import onnxruntime  # noqa: PLC0415 - only a training that meets a recording needs it

    package = find_spec("basic_pitch")
    folder = (package.submodule_search_locations if package else None) or ["."]
    weights = Path(folder[0], "saved_models", "icassp_2022", "nmp.onnx")
    options = onnxruntime.SessionOptions()
    # There is a process for each core already.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    names = ["StatefulPartitionedCall:1", "StatefulPartitionedCall:2"]

    def hear(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        note, onset = session.run(names, {"serving_default_input_2:0": samples[None, :, None]})
        return note[0], onset[0]

    hear(np.zeros(WINDOW, np.float32))  # the first run prepares memory
    return hear
