"""What the processes of a crew do: read a part of a corpus, write a shard.

A task is given all it needs and gives little back; music goes from one to the other by the cache alone. So a task may
be done again by another process, and gives the same.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from improvd.errors import CorpusError
from improvd.model.tokens import BEAT, BEAT_UNKNOWN
from improvd.train.files import store, whole
from improvd.train.files.corpus import Entry
from improvd.train.intake import duplicates, records, shards
from improvd.train.intake.parts import MIDI, RECORDED, SCORES, kind
from improvd.train.intake.pool import Reader
from improvd.train.intake.records import Facts, Record
from improvd.train.intake.shards import Labelled
from improvd.train.music import audio, keys
from improvd.train.music.reading import MOST_BYTES, read_piece
from improvd.train.music.skipped import PassingError, SkippedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from improvd.train.intake.shards import Notes

SECONDS: Final = {MIDI: 60.0, SCORES: 300.0, RECORDED: 1800.0}
"""How long one file may take, by kind: two hours of sound at four times real time, and a book of a thousand tunes
several times over."""


@dataclass(frozen=True, slots=True)
class PartJob:
    """A part to read: the paths of its files, all of one ``kind``, and the ``name`` of its record by their stamps."""

    run: str
    cache: str
    kind: str
    name: str
    paths: tuple[str, ...]


class Wanted(NamedTuple):
    """A piece for a shard: where it lies, what its file's content goes by there, and its labels."""

    events: str
    content: str
    source: str
    style: str
    split: str


@dataclass(frozen=True, slots=True)
class ShardJob:
    """A shard to write, and the ``name`` of its record; its pieces in the order of where they lie."""

    cache: str
    name: str
    pieces: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What a task made of a part: its record, and how many ``seconds`` reading took for how much that is new.

    ``done`` counts files, but of recordings the seconds that they last.
    """

    record: Record
    done: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Written:
    """A shard was written, if what it is made from isn't ``damaged``: that file was taken away."""

    damaged: str = ""


class _Music(NamedTuple):
    """What a reader's process gives for a file; ``amount`` counts as in `Read`."""

    facts: Facts
    notes: Notes
    amount: float


def read_part(job: PartJob) -> Read:
    """Read what of a part isn't known by its content, keep its pieces, and remember how its files ended.

    CorpusError where the cache can't be written.
    """
    with ExitStack() as fetched:
        files = [_fetched(path, fetched, job) for path in job.paths]
        named = [file for file in files if isinstance(file, _File)]
        whole_part = len(named) == len(files)
        name = records.by_content(job.kind, [file.content for file in named])
        record = records.known(job.cache, name) if whole_part else None
        fresh, done, start = record is None, 0.0, time.monotonic()
        if record is None:
            record, done = _read(job, named)
        seconds = time.monotonic() - start
    facts = {one.content: one for one in record.facts}
    told = replace(record, facts=tuple(facts[one.content] if isinstance(one, _File) else one for one in files))
    if all(one.lasting for one in told.facts):
        with _keeping(job.cache):
            if fresh and whole_part:
                records.save(job.cache, name, record)
            records.save(job.cache, job.name, told)
    return Read(told, done, seconds)


def write_shard(job: ShardJob) -> Written:
    """Write the pieces of a shard with their labels. CorpusError where the cache can't be written."""
    pieces: list[Labelled] = []
    for events, wanted in groupby(job.pieces, lambda piece: piece.events):
        labels = {piece.content: piece for piece in wanted}
        try:
            pieces += _labelled(f"{job.cache}/{events}", labels)
        except Exception:  # noqa: BLE001  a damaged file makes pyarrow stumble over anything
            whole.remove(f"{job.cache}/{events}")
            return Written(damaged=events)
    with _keeping(job.cache):
        records.save(job.cache, job.name, _kept(job.cache, "shards", pieces, ()))
    return Written()


def _kept(cache: str, folder: str, pieces: Sequence[Labelled], facts: tuple[Facts, ...]) -> Record:
    """Write pieces to a folder of the cache."""
    path = shards.write(f"{cache}/{folder}", pieces)
    size = whole.size(path)
    if size is None:
        raise OSError(f"{path} is gone again")
    return Record(facts, path.removeprefix(f"{cache}/"), size)


@contextmanager
def _keeping(cache: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise CorpusError(f"can't write the cache {cache}: {store.reason(error)} (--cache names another)") from error


# Readers: one for each thread that does tasks, be it the one of a process of its own or one of several.

_readers: dict[int, tuple[str, Reader]] = {}
_ended: set[str] = set()
_lock = threading.Lock()


def dismiss(run: str) -> None:
    """End the readers of a run, and with them its tasks; from any thread."""
    with _lock:
        _ended.add(run)
        theirs = [thread for thread, (whose, _) in _readers.items() if whose == run]
        ending = [_readers.pop(thread)[1] for thread in theirs]
    for reader in ending:
        reader.kill()


def _reader(run: str) -> Reader:
    thread = threading.get_ident()
    with _lock:
        if run in _ended:
            raise CancelledError
        _, reader = _readers.get(thread, ("", None))
        reader = reader or Reader()
        _readers[thread] = run, reader
        return reader


@dataclass(frozen=True, slots=True)
class _File:
    """A file at hand, and what its content goes by."""

    path: Path
    content: str


def _fetched(path: str, fetched: ExitStack, job: PartJob) -> _File | Facts:
    """A file for the time of a part; what there is to say of it where it can't be had."""
    most = MOST_BYTES.get(store.suffix(path), store.MOST_BYTES)
    try:
        file = fetched.enter_context(store.local(path, most))
        # A reader goes by the suffix too.
        content = sha256(f"{store.suffix(path)} {store.digest(str(file))}".encode()).hexdigest()[:32]
        return _File(file, content)
    except SkippedError as reason:
        content = sha256(f"{job.name} {path}".encode()).hexdigest()[:32]
        return Facts(content, str(reason), not isinstance(reason, PassingError))


def _read(job: PartJob, files: list[_File]) -> tuple[Record, float]:
    """Read files, and keep their pieces; and how much that was, counted as in `Read`."""
    facts: dict[str, Facts] = {}
    done = 0.0
    pieces: list[Labelled] = []
    for file in files:
        if file.content in facts:
            continue
        result = _reader(job.run).ask(_music, (job.cache, file.path), SECONDS[job.kind])
        if isinstance(result, SkippedError):
            if job.run in _ended:
                raise CancelledError
            facts[file.content] = Facts(file.content, str(result), not isinstance(result, PassingError))
        else:
            done += result.amount
            facts[file.content] = replace(result.facts, content=file.content)
            pieces.append(Labelled(result.facts.digest, result.notes, source=file.content))
    with _keeping(job.cache):
        ended = tuple(facts.values())
        return _kept(job.cache, "events", pieces, ended) if pieces else Record(ended), done


def _music(asked: tuple[str, Path]) -> _Music:
    """Read one file, in a process for that."""
    cache, path = asked
    os.environ["IMPROVD_CACHE"] = cache  # of what is remembered file by file
    piece = read_piece(Entry(str(path), ""))
    facts = Facts(
        "",
        digest=piece.digest,
        notes=len(piece.notes),
        key=keys.key_of(piece.notes),
        beat_known=bool((piece.rows[:, BEAT] != BEAT_UNKNOWN).any()),
        pedalled=round(piece.pedalled, 4),
        fingerprint=duplicates.fingerprint(piece.notes).astype("<u4").tobytes(),
    )
    amount = 1.0
    if kind(str(path)) == RECORDED:
        with suppress(SkippedError):
            amount = audio.seconds(path)
    return _Music(facts, shards.packed(piece), amount)


def _labelled(events: str, labels: dict[str, Wanted]) -> Iterator[Labelled]:
    """The pieces of a file of events that are wanted."""
    for group in shards.groups(events):
        wanted = [number for number, content in enumerate(group.sources) if content in labels]
        held = shards.load(group) if wanted else None
        for number in wanted:
            assert held is not None  # noqa: S101  for mypy
            label = labels.pop(group.sources[number])
            yield Labelled(group.pieces[number], held.piece(number), label.source, label.style, label.split)
    if labels:
        raise LookupError(f"{len(labels)} pieces are missing")
