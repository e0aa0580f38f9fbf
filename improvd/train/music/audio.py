"""Recordings as samples: one channel, 22,050 a second, in blocks, so that memory doesn't grow with their length."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.train.music.skipped import SkippedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

RATE: Final = 22_050
"""Samples a second of what `blocks` gives."""
LIBRARY: Final = (".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff")
"""What libsndfile decodes."""
PROGRAM: Final = (".m4a", ".aac")
"""What takes the program ffmpeg."""
RECORDINGS: Final = (*LIBRARY, *PROGRAM)
MOST_MINUTES: Final = 120
BLOCK_SECONDS: Final = 5
RATES: Final = (2_000, 400_000)
MOST_CHANNELS: Final = 32


def blocks(path: Path) -> Iterator[Samples]:
    """Decode a recording, a block of some seconds at a time; each is (samples,) float32, finite.

    SkippedError where it isn't a recording, is damaged from the start, or lasts more than two hours. One that is
    cut short gives what there is of it.
    """
    decoded = _by_program(path) if path.suffix.lower() in PROGRAM else _by_library(path)
    left = MOST_MINUTES * 60 * RATE
    for block in decoded:
        left -= len(block)
        if left < 0:
            raise SkippedError(f"longer than {MOST_MINUTES} minutes")
        yield np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)


def seconds(path: Path) -> float:
    """How long a recording is by its own word, unchecked; SkippedError where it doesn't say."""
    import soundfile  # noqa: PLC0415 - only a training that meets a recording needs it

    try:
        told = float(soundfile.info(str(path)).duration)
    except (soundfile.LibsndfileError, OSError, TypeError, ValueError, ZeroDivisionError) as error:
        raise SkippedError("doesn't say how long it is") from error
    return min(max(told, 0.0), MOST_MINUTES * 60.0)


def _by_library(path: Path) -> Iterator[Samples]:
    import soundfile  # noqa: PLC0415 - only a training that meets a recording needs it
    import soxr  # noqa: PLC0415 - as above

    try:
        file: Any = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError, TypeError, ValueError) as error:
        raise SkippedError("not a recording, or damaged") from error
    with file:
        if not RATES[0] <= file.samplerate <= RATES[1] or file.channels > MOST_CHANNELS:
            raise SkippedError(f"{file.channels} channels at {file.samplerate} Hz")
        # A header's word is enough to refuse, but not to trust: `blocks` counts what comes.
        if 0 < file.frames < 2**62 and file.frames > MOST_MINUTES * 60 * file.samplerate:
            raise SkippedError(f"longer than {MOST_MINUTES} minutes")
        resampler: Any = soxr.ResampleStream(file.samplerate, RATE, 1, dtype="float32")
        while True:
            try:
                read = file.read(BLOCK_SECONDS * file.samplerate, dtype="float32", always_2d=True)
            except (soundfile.LibsndfileError, RuntimeError):
                read = np.empty((0, 1), np.float32)  # cut short or damaged: what came before is good
            yield resampler.resample_chunk(read.mean(axis=1) if len(read) else read[:, 0], last=not len(read))
            if not len(read):
                return


def _by_program(path: Path) -> Iterator[Samples]:
    # A hostile file can name other files and addresses to be played; only plain files may be opened.
    source = ["-protocol_whitelist", "file", "-i", f"file:{path}"]
    sink = ["-vn", "-t", str(MOST_MINUTES * 60 + 1), "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", *source, *sink]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as decoder:  # noqa: S603 - no shell; the file's name is one argument that can't be read as an option
        stream = decoder.stdout
        if stream is None:  # pragma: no cover - PIPE was asked for
            raise SkippedError("not a recording, or damaged")
        try:
            heard = False
            while data := stream.read(4 * RATE * BLOCK_SECONDS):
                heard = True
                yield np.frombuffer(data[: len(data) // 4 * 4], "<f4").astype(np.float32)
            if not heard:
                raise SkippedError("not a recording, or damaged")
        finally:
            decoder.kill()
