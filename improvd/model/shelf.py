"""The models that there are, and what each says of itself; a damaged one says what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from improvd.core.events import Seconds
from improvd.errors import BundleError
from improvd.model import bundle as bundles
from improvd.model import places
from improvd.model.golden import verify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from improvd.model.bundle import Bundle
    from improvd.model.originality import Filter

CARD: Final = "CARD.md"
SPLITS: Final = ("test", "valid")
"""The parts of a corpus that a score may be about; the first was seen by no decision and is told where there is one."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where music came from that a model learnt, and how much."""

    name: str
    style: str
    pieces: int
    notes: int


@dataclass(frozen=True, slots=True)
class Model:
    """A model on the shelf; ``step`` is what a step of it takes here.

    ``bundle`` and ``step`` are None where ``problem`` says why.
    """

    name: str
    path: Path
    yours: bool
    bytes: int
    bundle: Bundle | None
    step: Seconds | None
    problem: str = ""

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles that it can be asked for."""
        return self.bundle.vocabulary.styles if self.bundle else ()

    @property
    def recall(self) -> Filter | None:
        """What it may not recite; None where it doesn't say what it learnt, so that nothing keeps it from that."""
        return self.bundle.originality if self.bundle else None

    @property
    def score(self) -> tuple[str, Mapping[str, float]] | None:
        """A split, and the bits a note there, in all and by attribute; None where the model tells none."""
        scores = self._fact("scores", dict)
        for split in SPLITS:
            told = scores.get(split)
            bits = told.get("all") if isinstance(told, dict) else None
            if isinstance(bits, dict) and isinstance(bits.get("total"), (int, float)):
                return split, {name: value for name, value in bits.items() if isinstance(value, (int, float))}
        return None

    @property
    def sources(self) -> list[Source]:
        """What it learnt from, the largest first; what it goes on from is not among it."""
        told = self._fact("provenance", dict).get("sources")
        found: dict[tuple[str, str], Source] = {}
        for one in told if isinstance(told, list) else ():
            if not isinstance(one, dict):
                continue
            key = str(one.get("source", "")), str(one.get("style", ""))
            pieces, notes = (value if isinstance(value := one.get(name), int) else 0 for name in ("pieces", "notes"))
            before = found.get(key, Source(*key, 0, 0))
            found[key] = Source(*key, before.pieces + pieces, before.notes + notes)
        return sorted(found.values(), key=lambda source: -source.notes)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values; ``step_us`` in microseconds, ``score`` in bits a note; ``recall``: the filter."""
        score = self.score
        return {
            "name": self.name,
            "path": str(self.path),
            "yours": self.yours,
            "bytes": self.bytes,
            "problem": self.problem or None,
            "styles": list(self.styles),
            "score": {"split": score[0], **score[1]} if score else None,
            "sources": [
                {"source": one.name, "style": one.style, "pieces": one.pieces, "notes": one.notes}
                for one in self.sources
            ],
            "recall": self.recall and {"runs": self.recall.runs, "error": self.recall.error},
            "step_us": None if self.step is None else round(self.step * 1e6, 1),
        }

    def _fact(self, name: str, kind: type[Any]) -> Any:  # noqa: ANN401  whatever kind is asked for
        """What ``model.json`` has under a name; nothing where that is of another kind: only the network was checked."""
        value = self.bundle.facts.get(name) if self.bundle else None
        return value if isinstance(value, kind) else kind()


def look(path: Path) -> Model:
    """The model in a folder, loaded and proven. Never raises for a damaged one; takes about 30 ms."""
    yours = path.parent == places.folders()[0]
    size = sum(one.stat().st_size for one in path.iterdir() if one.is_file())
    try:
        bundle = bundles.load(path)
        return Model(path.name, path, yours, size, bundle, Seconds(verify(bundle)))
    except BundleError as problem:
        return Model(path.name, path, yours, size, None, None, str(problem))


def all_models() -> list[Model]:
    """The models that can be had by name, in order of their names."""
    return [look(path) for _, path in sorted(places.named().items())]


def card(path: Path) -> str:
    """What a model's maker says of it. BundleError where it has no card, or none that can be read."""
    try:
        return (path / CARD).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BundleError(f"{path} has no card to show ({CARD}: {error.strerror})") from None
