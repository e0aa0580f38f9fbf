"""How far music follows what a model was trained on; and more music that it may not recite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from improvd.core.events import TICKS_PER_BEAT
from improvd.errors import BundleError, CorpusError
from improvd.evaluate.pieces import Skipped, each, read
from improvd.model import originality
from improvd.train.files import store
from improvd.train.progress import stage
from improvd.train.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from improvd.model.bundle import Bundle
    from improvd.train.events import Tell
    from improvd.train.files.corpus import Entry


def measure(bundle: Bundle, entries: Sequence[Entry], tell: Tell) -> dict[str, Any]:
    """The longest match of each file; docs/quality/originality.md explains each key.

    BundleError where the model doesn't say what it was trained on, CorpusError where no file can be read.
    """
    learnt = bundle.originality
    if learnt is None:
        raise BundleError(
            f"the model at {bundle.path} does not say what it was trained on: train it again, or give it that music"
            " with improvd originality --learn"
        )
    with stage(tell, "reading", unit="files", total=len(entries)) as progress:
        music, skipped = read(entries, None, progress.update)
    found = []
    for piece in music:
        match = learnt.longest(piece.rows)
        path, beat = store.shown(piece.entry.path), float(piece.notes.onset[match.first] / TICKS_PER_BEAT)
        found.append(
            {"path": path, "notes": len(piece.rows), "longest": match.notes, "first": match.first, "beat": beat}
        )
    return {"run": originality.RUN, "error": learnt.error, "files": found, "skipped": _told(skipped)}


def add(bundle: Bundle, entries: Sequence[Entry], tell: Tell) -> dict[str, Any]:
    """Add music to what a model on disk may not recite: how many ``files`` were read, how much the filter holds now.

    CorpusError where no file can be read, UserError where the model can't be written; then it stays as it was.
    """
    skipped: list[Skipped] = []

    def rows() -> Iterator[NDArray[Any]]:
        for one in each(entries, progress.update):
            if isinstance(one, Skipped):
                skipped.append(one)
            else:
                yield one.rows

    with stage(tell, "remembering", unit="files", total=len(entries)) as progress:
        learnt = originality.learn(rows(), bundle.originality)
    if len(skipped) == len(entries):
        raise CorpusError(
            f"none of the {len(entries)} files can be read ({store.name(skipped[0].path)}: {skipped[0].reason})"
        )
    originality.write(bundle.path, learnt)
    return {
        "model": bundle.name,
        "learnt": len(entries) - len(skipped),
        "runs": learnt.runs,
        "bytes": learnt.size,
        "left_out": learnt.left_out,
        "error": learnt.error,
        "skipped": _told(skipped),
    }


def _told(skipped: Sequence[Skipped]) -> list[dict[str, str]]:
    return [{"path": store.shown(one.path), "reason": one.reason} for one in skipped]


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """What `improvd originality` prints of a `measure` or an `add`."""
    if "files" not in told:
        left_out = f"; {told['left_out']:,} more had no room" if told["left_out"] else ""
        size = f"{told['runs']:,} runs of {originality.RUN} notes in {told['bytes']:,} bytes{left_out}"
        yield f"{told['model']} may not recite {many(told['learnt'], 'file')} more: it knows {size}"
        return
    for one in told["files"]:
        if one["longest"]:
            at = f"from note {one['first'] + 1} at beat {one['beat']:g}"
            yield f"{one['path']}: at most {one['longest']} notes in a row as in the corpus, {at}"
        else:
            yield f"{one['path']}: no {told['run']} notes in a row as in the corpus"
