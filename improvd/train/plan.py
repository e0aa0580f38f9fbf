"""What a training would do, and about how long that would take: `improvd train --dry-run`. Nothing is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from improvd.train.files import cache, corpus, store, styles
from improvd.train.fitting.schedule import epoch, epochs
from improvd.train.intake import rates
from improvd.train.intake.labels import TRAIN
from improvd.train.intake.parts import MIDI, RECORDED, SCORES
from improvd.train.intake.pool import Reader, cores
from improvd.train.intake.survey import survey
from improvd.train.music import audio
from improvd.train.reporting.summary import KINDS
from improvd.train.words import many, spell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from improvd.train.intake.survey import Survey
    from improvd.train.settings import TrainSettings

ASKED: Final = 100
"""Of so many recordings, evenly chosen, the header is asked how long they last; the others count as these do."""
USUAL_NOTES: Final = {MIDI: 600.0, SCORES: 500.0, RECORDED: 1500.0}
"""What a file counts for as long as nothing of its kind was read."""
LONGEST_ASKING: Final = 10.0


@dataclass(frozen=True)
class Plan:
    """What is to be done: the ``files`` there are by kind, and those ``unread``; their ``sound`` is in seconds.

    ``notes`` are known already; ``more`` is a guess at those to be read. ``reading`` and ``fitting``, of so many
    ``epochs``, are guesses in seconds. ``skipped`` counts what is known not to be used, by reason.
    """

    files: Mapping[str, int]
    unread: Mapping[str, int]
    sound: float
    notes: int
    more: float
    skipped: Mapping[str, int]
    reading: float
    epochs: int
    fitting: float


def plan(settings: TrainSettings) -> Plan:
    """Survey a corpus. CorpusError where it isn't there."""
    entries = styles.named(corpus.find(settings.corpus, settings.columns), settings.styles)
    known = survey(entries, cache.folder(settings.cache))
    files: Counter[str] = Counter()
    unread: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    skipped = Counter(one.reason for one in known.gone.values())
    for found in known.found:
        files[found.part.kind] += len(found.part.files)
        if found.record is None:
            unread[found.part.kind] += len(found.part.files)
            continue
        notes[found.part.kind] += sum(one.notes for one in found.record.facts)
        skipped.update(one.reason for one in found.record.facts if one.reason)
    sound = _sound(_recordings(known))
    rate = rates.load(known.cache)
    amounts = {MIDI: unread[MIDI], SCORES: unread[SCORES], RECORDED: sound}
    reading = sum(amount / rate[kind] for kind, amount in amounts.items()) / _workers(settings)
    more = 0.0
    for kind, count in unread.items():
        read = files[kind] - count
        more += count * (notes[kind] / read if notes[kind] else USUAL_NOTES[kind])
    split = Counter(entry.split or TRAIN for entry in entries)
    learnt = (sum(notes.values()) + more) * split[TRAIN] / len(entries)
    windows, steps = epoch(int(learnt), settings.batch, settings.window)
    passes = settings.epochs or epochs(continued=bool(settings.parent), watched=len(entries) > 1)
    targets = passes * steps * windows * settings.window
    fitting = targets / rate[rates.FITTING] if settings.minutes is None else settings.minutes * 60
    return Plan(files, unread, sound, sum(notes.values()), more, skipped, reading, passes, fitting)


def in_words(plan: Plan, settings: TrainSettings) -> list[str]:
    """A plan as lines for people."""
    files = sum(plan.files.values())
    lines = [f"{many(files, 'file')}: {_listed(plan.files)}"]
    for reason, count in sorted(plan.skipped.items(), key=lambda one: (-one[1], one[0])):
        lines.append(f"known not to be used, {count:,}: {reason}")
    lines.append(f"known already: {many(files - sum(plan.unread.values()), 'file')}, {plan.notes:,} notes")
    if plan.unread:
        sound = f", {spell(plan.sound)} of sound" if plan.sound else ""
        workers = _workers(settings)
        by = "one worker, less by more of them" if workers == 1 else f"{workers} workers"
        lines.append(f"to read: {_listed(plan.unread)}{sound}, perhaps {plan.more:,.0f} notes")
        lines.append(f"that takes about {spell(plan.reading)} by {by}")
    else:
        lines.append("to read: nothing")
    if settings.minutes is None:
        lines.append(
            f"to fit: {many(plan.epochs, 'epoch')}, about {spell(plan.fitting)}; less where it stops improving"
        )
    else:
        lines.append(f"to fit: {spell(plan.fitting)}, as --minutes says")
    return [*lines, f"{settings.out} would be written; nothing was"]


def _workers(settings: TrainSettings) -> int:
    """How many workers there are; of a scheduler's nobody knows beforehand."""
    return 1 if settings.scheduler else settings.workers or cores()


def _listed(counts: Mapping[str, int]) -> str:
    told = (many(counts[kind], name.removesuffix("s")) for kind, name in KINDS.items() if counts.get(kind))
    return ", ".join(told) or "none"


def _recordings(known: Survey) -> list[str]:
    """The recordings that are still to be read."""
    unread = (found for found in known.found if found.record is None and found.part.kind == RECORDED)
    return [known.paths[number] for found in unread for number in found.part.files]


def _sound(paths: Sequence[str]) -> float:
    """About how many seconds recordings last; only those on this machine are asked."""
    asked = paths[:: max(1, len(paths) // ASKED)][:ASKED]
    told = []
    reader = Reader()
    try:
        for path in asked:
            seconds = reader.ask(_seconds, path, LONGEST_ASKING) if store.is_local(path) else None
            told.append(seconds if isinstance(seconds, float) else rates.USUAL_SOUND)
    finally:
        reader.close()
    return len(paths) * sum(told) / len(told) if told else 0.0


def _seconds(path: str) -> float:
    with store.local(path) as file:
        return audio.seconds(file)
