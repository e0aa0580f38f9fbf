"""What is remembered of a part of a corpus: how each of its files ended, and where its pieces lie.

A part is known by two names. One is made of its files' paths and stamps: as long as these are the same, nothing is
opened. The other is made of what the files hold: so a file that was only touched, moved or copied is not read again.
Both hold the revisions of the readers, so no record is ever out of date, only unused.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from dataclasses import dataclass, fields, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from improvd.model import tokens
from improvd.train.files import whole
from improvd.train.intake import duplicates, shards
from improvd.train.intake.parts import MIDI, RECORDED, SCORES
from improvd.train.music import keys, midi, reading, recordings, scores, transcribe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REVISION: Final = "records 2"
"""Rises whenever a record holds something else."""
READERS: Final = {
    MIDI: midi.REVISION,
    SCORES: scores.REVISION,
    RECORDED: f"{recordings.REVISION}, {transcribe.REVISION}",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What reading a file gave; ``reason`` is empty where it can be learnt from, and only then is there more.

    ``content`` names what the file holds; pieces go by it where their part keeps them. ``digest`` is the piece's own.
    ``lasting`` is False where the next run may do better with the same file. ``pedalled`` is the share of notes that a
    pedal held on. ``fingerprint`` is the melody's, as `improvd.train.intake.duplicates` has it, four bytes a number,
    the lowest first.
    """

    content: str
    reason: str = ""
    lasting: bool = True
    digest: str = ""
    notes: int = 0
    key: str = ""
    beat_known: bool = False
    pedalled: float = 0.0
    fingerprint: bytes = b""


@dataclass(frozen=True, slots=True)
class Record:
    """How each file of a part ended, and the file of ``size`` bytes, named within the cache, that has its pieces."""

    facts: tuple[Facts, ...]
    events: str = ""
    size: int = 0


@functools.cache
def revision(kind: str) -> str:
    """What all that is made of files of a kind depends on, besides the files."""
    always = f"{REVISION}, ids {tokens.REVISION}, shards {shards.REVISION}, {duplicates.REVISION}"
    key = keys.REVISION if find_spec("music21") else "no keys"
    return f"{always}, {key}, {reading.FEWEST_NOTES} notes, {READERS[kind]}"


def by_stamps(kind: str, files: Sequence[tuple[str, str]]) -> str:
    """The name of a part whose files have these paths and stamps."""
    return "stamped/" + _hash([revision(kind), *(word for file in files for word in file)])


def by_content(kind: str, contents: Iterable[str]) -> str:
    """The name of a part whose files hold this, in whatever order."""
    return "content/" + _hash([revision(kind), *sorted(contents)])


def known(cache: str, name: str) -> Record | None:
    """The record of a part; None where there is none, or it or what it speaks of is damaged or gone."""
    data = whole.read(f"{cache}/{name}.json")
    if data is None:
        return None
    try:
        record = _unpack(data)
    except (ValueError, TypeError, KeyError):
        return None
    return record if is_there(cache, record) else None


def is_there(cache: str, record: Record) -> bool:
    """Whether the file that a record speaks of is there, in its full length."""
    return not record.events or whole.size(f"{cache}/{record.events}") == record.size


def save(cache: str, name: str, record: Record) -> None:
    """Remember a part. What the filesystem raises where it can't be written passes through."""
    names = [field.name for field in fields(Facts)][:-1]
    facts = [
        [*(getattr(one, name) for name in names), base64.b64encode(one.fingerprint).decode()] for one in record.facts
    ]
    data = json.dumps({"facts": facts, "events": record.events, "size": record.size}, separators=(",", ":"))
    with whole.writing(f"{cache}/{name}.json") as file:
        file.write(data.encode())


def by_labels(wanted: Iterable[Sequence[str]]) -> str:
    """The name of a shard that holds this: of each piece where it lies, and its labels."""
    return "labelled/" + _hash([f"shards {shards.REVISION}", *(word for piece in wanted for word in piece)])


def shard(cache: str, name: str) -> str | None:
    """The shard of a name, as a path within the cache; None where it isn't there in full."""
    record = known(cache, name)
    return record.events if record is not None else None


def _unpack(data: bytes) -> Record:
    held = json.loads(data)
    facts = (Facts(*one) for one in held["facts"])
    told = tuple(replace(one, fingerprint=base64.b64decode(one.fingerprint)) for one in facts)
    return Record(told, str(held["events"]), int(held["size"]))


def _hash(words: Sequence[str]) -> str:
    digest = hashlib.sha256(json.dumps(words).encode()).hexdigest()
    return f"{digest[:2]}/{digest[2:34]}"
