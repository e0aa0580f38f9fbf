"""Written music to notes on the grid: MusicXML, ABC, Humdrum and MEI, parsed by music21.

Repeats are played once, grace notes are left out, and where a file holds many tunes they stand one after the other,
each from a beat of its own. Loudness follows the dynamics as written.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from improvd.core.events import TICKS_PER_BEAT
from improvd.errors import CorpusError
from improvd.model.tokens import LONGEST, Metre, TickNotes, in_order
from improvd.train.files import cache
from improvd.train.music.skipped import PassingError, SkippedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

REVISION: Final = "scores 1"
"""Rises whenever the same score would give other notes."""
FORMATS: Final = {
    ".musicxml": "musicxml",
    ".mxl": "musicxml",
    ".xml": "musicxml",
    ".abc": "abc",
    ".krn": "humdrum",
    ".mei": "mei",
}
"""What is read, by suffix, and music21's name for it."""
CORPUS: Final = "music21:"
MOST_BYTES: Final = 16 * 2**20
"""Of a score, unpacked."""
MOST_NOTES: Final = 200_000
UNZIPPING: Final = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
)
"""What zipfile raises for a damaged archive."""
USUAL_VELOCITY: Final = 72
"""Where no dynamics are written."""
HOW: Final = "scores need music21: pip install 'improvd[train]'"


def carried(name: str) -> Path:
    """The folder, or the file, of a corpus that the music21 package carries, for ``music21:NAME``.

    CorpusError where the package is missing, or carries nothing of that name.
    """
    package = find_spec("music21")
    if package is None or not package.submodule_search_locations:
        raise CorpusError(f"{name}: {HOW}")
    root = Path(package.submodule_search_locations[0], "corpus")
    wanted = name.removeprefix(CORPUS)
    path = (root / wanted).resolve()
    if wanted and path.is_relative_to(root.resolve()) and path.exists():
        return path
    there = sorted(one.name for one in root.iterdir() if one.is_dir() and not one.name.startswith("_"))
    raise CorpusError(f"music21 carries no {wanted!r}; it has {', '.join(there)}")


def read(path: Path) -> tuple[TickNotes, list[tuple[int, Metre]]]:
    """The notes of a score on the grid, and from which tick each metre holds, as `parse` or the cache has them."""
    if find_spec("music21") is None:  # asked here, so that it is not remembered
        raise PassingError(HOW)
    return unpack(cache.remembered(path, REVISION, parse))


def parse(path: Path) -> dict[str, NDArray[np.int64]]:
    """A score as arrays for the cache: ``notes`` (notes, 4) and ``spans`` (spans, 4); `unpack` makes them music.

    SkippedError where it is no score, too large, or damaged.
    """
    kind = FORMATS.get(path.suffix.lower(), "musicxml")
    notes: list[tuple[int, int, int, int]] = []
    spans: list[tuple[int, int, int, int]] = []
    failures = 0
    start = 0
    for text in _tunes(_text(path), kind):
        try:
            tune, bars = _read(text, kind)
        except SkippedError:
            failures += 1
            continue
        if bars:
            start += -bars[0][1] % TICKS_PER_BEAT  # a pick-up of half a beat leads to a beat
        notes += [(start + onset, pitch, duration, velocity) for onset, pitch, duration, velocity in tune]
        spans += [(start + tick, start + downbeat, bar, known) for tick, downbeat, bar, known in bars]
        if len(notes) > MOST_NOTES:
            raise SkippedError(f"more than {MOST_NOTES} notes")
        end = max((onset + duration for onset, _, duration, _ in tune), default=0)
        start += -(-end // TICKS_PER_BEAT) * TICKS_PER_BEAT + LONGEST
    if not notes:
        raise SkippedError("not a score, or damaged" if failures else "no notes")
    return {"notes": np.array(notes, np.int64), "spans": np.array(spans, np.int64).reshape(-1, 4)}


def unpack(arrays: Mapping[str, NDArray[Any]]) -> tuple[TickNotes, list[tuple[int, Metre]]]:
    """The notes of a parsed score on the grid, and from which tick each metre holds."""
    onset, pitch, duration, velocity = arrays["notes"].astype(np.int64).T
    spans = [(-1, Metre())]
    for tick, downbeat, bar, known in arrays["spans"].tolist():
        spans.append((tick, Metre(downbeat=downbeat, bar=bar) if known else Metre()))
    return in_order(onset, pitch, duration, velocity), spans


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if data.startswith(b"PK"):
            data = _unzipped(path)
    except UNZIPPING as error:
        raise SkippedError("damaged or cut short") from error
    if len(data) > MOST_BYTES:
        raise SkippedError(f"larger than {MOST_BYTES // 2**20} MiB")
    if not data.strip():
        raise SkippedError("empty file")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unzipped(path: Path) -> bytes:
    """The score in an .mxl, of which never more is unpacked than is allowed."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".xml", ".musicxml"))]
        scores = [name for name in names if not name.startswith("META-INF")]
        if not scores:
            raise SkippedError("an archive without a score")
        with archive.open(scores[0]) as file:
            return file.read(MOST_BYTES + 1)


def _tunes(text: str, kind: str) -> Iterator[str]:
    """The tunes of a file one by one: an ABC file may hold a whole book."""
    if kind in ("musicxml", "mei") and "<!ENTITY" in text:
        raise SkippedError("defines entities of its own")
    if kind == "musicxml" and "<score-" not in text:
        raise SkippedError("XML, but no score")
    if kind != "abc":
        yield text
        return
    head, *tunes = re.split(r"(?m)^(?=X:)", text)
    if not tunes:
        raise SkippedError("not a score, or damaged")
    for tune in tunes:
        yield head + tune


def _read(text: str, kind: str) -> tuple[list[tuple[int, int, int, int]], list[tuple[int, int, int, int]]]:
    """(onset, pitch, duration, velocity) of notes, and (tick, downbeat, bar, 1 where known) of metres, in ticks."""
    from music21 import converter  # noqa: PLC0415 - only a training that meets a score needs it

    with warnings.catch_warnings(), redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            score = converter.parseData(text, format=kind)
            if kind != "abc":  # its notes are as they sound
                score.toSoundingPitch(inPlace=True)
            parts = list(getattr(score, "parts", [])) or [score]
            notes = [note for part in parts for note in _notes(part)]
            return notes, _metres(parts[0])
        except MemoryError:
            raise
        except Exception as error:  # a damaged score makes music21 stumble over anything
            raise SkippedError("not a score, or damaged") from error


def _ticks(quarters: Any) -> int:  # noqa: ANN401 - music21's lengths are floats or fractions
    return int(quarters * TICKS_PER_BEAT + 0.5)


def _notes(part: Any) -> list[tuple[int, int, int, int]]:  # noqa: ANN401 - music21 has no types
    flat = part.flatten()
    dynamics = [(float(one.offset), one.volumeScalar) for one in flat.getElementsByClass("Dynamic")]
    found: list[tuple[int, int, int, int]] = []
    tied: dict[int, int] = {}
    for element in flat.notes:
        if element.duration.quarterLength <= 0 or "Harmony" in element.classes or "PercussionChord" in element.classes:
            continue  # a grace note, or a chord's name
        onset, end = _ticks(element.offset), _ticks(element.offset + element.duration.quarterLength)
        loud = [scalar for offset, scalar in dynamics if offset <= element.offset]
        velocity = min(127, max(1, round(127 * loud[-1]))) if loud and loud[-1] is not None else USUAL_VELOCITY
        for single in getattr(element, "notes", (element,)):
            if not hasattr(single, "pitch"):
                continue  # a drum has none
            pitch = int(single.pitch.midi)
            before = tied.get(pitch)
            goes_on = single.tie is not None and single.tie.type in ("stop", "continue")
            if goes_on and before is not None and found[before][0] + found[before][2] == onset:
                found[before] = (*found[before][:2], end - found[before][0], found[before][3])
            else:
                tied[pitch] = len(found)
                found.append((onset, pitch, max(1, end - onset), velocity))
    return found


def _metres(part: Any) -> list[tuple[int, int, int, int]]:  # noqa: ANN401 - music21 has no types
    """Where bars lie: a new entry where the metre changes, and where a short bar has moved what follows."""
    measures = list(part.getElementsByClass("Measure"))
    starts = [_ticks(measure.offset) for measure in measures]
    spans: list[tuple[int, int, int, int]] = []
    bar = 0
    for number, (measure, start) in enumerate(zip(measures, starts, strict=True)):
        last = number + 1 == len(measures)
        length = _ticks(measure.duration.quarterLength) if last else starts[number + 1] - start
        signature = measure.timeSignature
        if signature is not None:
            exact = signature.barDuration.quarterLength * TICKS_PER_BEAT
            bar = int(exact) if exact == int(exact) else 0
            # A first bar that is short is a pick-up: it ends on the downbeat.
            downbeat = start if number or last or length >= bar else start + length
            spans.append((start, downbeat, bar, int(bar > 0)))
        elif spans and length == bar > 0 and (start - spans[-1][1]) % bar:
            spans.append((start, start, bar, 1))
    return spans
