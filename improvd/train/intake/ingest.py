"""From files to shards: each file ends as used, a duplicate, or skipped with a reason.

First every part of the corpus that isn't known is read, then every shard that isn't there is written, both by a crew;
the process that asks holds a few facts a file, and no music. Where all is known, no file is opened and no crew needed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from improvd.errors import CorpusError
from improvd.train.files import cache as caches
from improvd.train.files import store, whole
from improvd.train.intake import labels, parts, rates, records, tasks
from improvd.train.intake.crew import Crew, Lost
from improvd.train.intake.duplicates import Candidate, resolve
from improvd.train.intake.records import Facts, Record
from improvd.train.intake.survey import survey
from improvd.train.intake.tasks import PartJob, ShardJob, Wanted
from improvd.train.progress import Pace, stage
from improvd.train.words import against_real_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from improvd.train.events import Tell
    from improvd.train.files.corpus import Entry
    from improvd.train.intake.survey import Found, Survey

USED, DUPLICATE, SKIPPED = "used", "duplicate", "skipped"
FEW_PARTS: Final = 4
"""So many parts are read sooner by threads, which share one processor between them, than processes are started."""
TRIES: Final = 3
"""How often what is damaged in the cache is made anew before a run gives up."""


@dataclass(frozen=True, slots=True)
class Filed:
    """How one file ended: ``status`` is "used", "duplicate" or "skipped", with the reason where not used.

    Of a file that could be read, ``digest`` is the piece's, ``notes`` its length, ``key`` such as "D minor", or empty,
    ``pedalled`` the share of notes that a pedal held on.
    """

    entry: Entry
    status: str
    reason: str = ""
    digest: str = ""
    notes: int = 0
    key: str = ""
    beat_known: bool = False
    pedalled: float = 0.0


@dataclass(frozen=True)
class Ingested:
    """``shards``: the paths of those that hold every used piece; ``files``: one a file, in the entries' order."""

    shards: tuple[str, ...]
    files: Sequence[Filed]


def ingest(
    entries: Sequence[Entry],
    tell: Tell = lambda _: None,
    *,
    cache: str = "",
    scheduler: str = "",
    workers: int | None = None,
    strict: bool = False,
) -> Ingested:
    """Read what isn't known of a corpus, and write the shards that aren't there; the same ones by any crew.

    ``cache``: where all is kept, a path or a URL; empty: `improvd.train.files.cache.folder`. ``scheduler``: the address
    of Dask's; empty: ``workers`` processes of this machine, one a core for None. CorpusError where nothing could be
    used, where the cache or the cluster fails, and if ``strict``, at the first file that can't be used.
    """
    known = survey(entries, caches.folder(cache))
    few = sum(one.record is None for one in known.found) <= FEW_PARTS
    here = any("memory://" in path for path in (known.cache, *known.paths))  # no other process sees that
    with Crew(scheduler, workers, processes=not (few or here)) as crew:
        for _ in range(TRIES):
            _read(known, crew, tell, strict=strict)
            facts = _facts(known)
            files = _filed(entries, facts)
            made = _written(known, crew, tell, files, facts)
            if made is not None:
                return Ingested(made, files)
    raise CorpusError(f"what is written to the cache {known.cache} doesn't last: is its disk failing?")


def _read(known: Survey, crew: Crew, tell: Tell, *, strict: bool) -> None:
    """Have every part read that has no record; if ``strict``, no more than it takes to find the first bad file."""
    for one in known.found:
        if one.record is not None and not records.is_there(known.cache, one.record):
            one.record = None
    missing = [one for one in known.found if one.record is None]
    bad = min([len(known.paths), *known.gone, *(number for one in known.found for number in _bad(one))])

    def jobs() -> Iterator[tuple[int, PartJob]]:
        for number, one in enumerate(missing):
            if not (strict and min(one.part.files) > bad):
                paths = tuple(known.paths[file] for file in one.part.files)
                yield number, PartJob(crew.run, known.cache, one.part.kind, one.name, paths)

    took: dict[str, tuple[float, float]] = {}
    if missing:
        total = sum(len(one.part.files) for one in missing)
        # A recording takes as long as hundreds of other files: how much is done goes by what they cost.
        costs = rates.costs(known.cache)
        left = cost = sum(costs[one.part.kind] * len(one.part.files) for one in missing)
        heard = Pace()
        heard.mark(0.0)
        with stage(tell, "reading", unit="files", total=total) as progress:
            for number, result in crew.each(tasks.read_part, jobs()):
                one = missing[number]
                one.record = _record(known, one, result)
                if isinstance(result, tasks.Read):
                    done, seconds = took.get(one.part.kind, (0.0, 0.0))
                    took[one.part.kind] = done + result.done, seconds + (result.seconds if result.done else 0.0)
                bad = min([bad, *_bad(one)])
                left -= costs[one.part.kind] * len(one.part.files)
                heard.mark(took.get(parts.RECORDED, (0.0, 0.0))[0])
                text = against_real_time(heard.rate) if heard.rate else ""
                progress.update(progress.done + len(one.part.files), share=1 - round(left / cost, 9), text=text)
    rates.learn(known.cache, took)
    if strict and bad < len(known.paths):
        reason = _facts(known)[bad].reason
        raise CorpusError(f"{store.shown(known.paths[bad])}: {reason} (--strict allows no such file)")


def _bad(one: Found) -> Iterator[int]:
    """The numbers of a part's files that can't be used, as far as is known."""
    if one.record is not None:
        yield from (file for file, facts in zip(one.part.files, one.record.facts, strict=True) if facts.reason)


def _record(known: Survey, one: Found, result: tasks.Read | Lost) -> Record:
    if isinstance(result, Lost):
        return Record(tuple(Facts("", result.reason, lasting=False) for _ in one.part.files))
    if not records.is_there(known.cache, result.record):
        raise _unseen(known)
    return result.record


def _unseen(known: Survey) -> CorpusError:
    return CorpusError(
        f"what a worker wrote to the cache {known.cache} isn't there: --cache must name a folder that all machines see"
    )


def _facts(known: Survey) -> list[Facts]:
    """What is known of each file."""
    facts = [Facts("")] * len(known.paths)
    for number, one in known.gone.items():
        facts[number] = one
    for found in known.found:
        for number, one in zip(found.part.files, found.record.facts if found.record else (), strict=False):
            facts[number] = one
    return facts


def _filed(entries: Sequence[Entry], facts: Sequence[Facts]) -> list[Filed]:
    """How each file ended. CorpusError where none could be used."""
    read = [number for number, one in enumerate(facts) if not one.reason]
    same = resolve(
        [
            Candidate(
                facts[number].digest, np.frombuffer(facts[number].fingerprint, "<u4"), entries[number].split, number
            )
            for number in read
        ]
    )
    instead = {read[one]: read[kept] for one, kept in same.items()}
    files = []
    for number, (entry, one) in enumerate(zip(entries, facts, strict=True)):
        status, reason = (SKIPPED, one.reason) if one.reason else (USED, "")
        if number in instead:
            kept = instead[number]
            how = "the same notes" if facts[kept].digest == one.digest else "nearly the same melody"
            status, reason = DUPLICATE, f"{how} as {store.shown(entries[kept].path)}"
        files.append(Filed(entry, status, reason, one.digest, one.notes, one.key, one.beat_known, one.pedalled))
    if not read:
        example = store.name(entries[0].path) if entries else "nothing"
        if len(files) == 1:
            raise CorpusError(f"{example} can't be learnt from: {files[0].reason}")
        reasons = Counter(one.reason for one in files)
        told = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(4))
        raise CorpusError(f"none of the {len(files)} files can be learnt from: {told}; the first is {example}")
    return files


def _written(
    known: Survey, crew: Crew, tell: Tell, files: Sequence[Filed], facts: Sequence[Facts]
) -> tuple[str, ...] | None:
    """Have every shard written that isn't there, and give them all; None where a part has to be read again first."""
    used = [number for number, one in enumerate(files) if one.status == USED]
    splits = labels.splits([files[number].entry.split for number in used], [files[number].digest for number in used])
    split = dict(zip(used, splits, strict=True))
    events = {number: one.record.events for one in known.found if one.record for number in one.part.files}

    def job(bucket: tuple[int, ...]) -> ShardJob:
        wanted = sorted(
            Wanted(
                events[number],
                facts[number].content,
                files[number].entry.source,
                files[number].entry.style,
                split[number],
            )
            for number in bucket
        )
        return ShardJob(known.cache, records.by_labels(wanted), tuple(wanted))

    buckets = parts.buckets(known.paths, [one.notes for one in facts], used)
    made = [records.shard(known.cache, job(bucket).name) for bucket in buckets]
    missing = [number for number, shard in enumerate(made) if shard is None]
    if missing:
        with stage(tell, "shards", unit="shards", total=len(missing)) as progress:
            for number, result in crew.each(tasks.write_shard, ((one, job(buckets[one])) for one in missing)):
                if isinstance(result, Lost):
                    raise CorpusError(f"a shard can't be written: {result.reason}")
                if result.damaged:
                    if whole.size(f"{known.cache}/{result.damaged}") is not None:
                        raise _unseen(known)
                    return None
                made[number] = records.shard(known.cache, job(buckets[number]).name)
                if made[number] is None:
                    raise _unseen(known)
                progress.update(progress.done + 1)
    return tuple(f"{known.cache}/{shard}" for shard in made if shard is not None)
