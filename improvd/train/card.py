"""The card of a bundle: what the model is made of, how it was trained and how well it does, for people."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from improvd.train.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OPTIONS: Final = ("minutes", "epochs", "seed", "units", "layers", "batch", "window", "dropout", "rate", "precision")
"""What of the settings can be typed."""


def card(facts: Mapping[str, Any], about: str = "") -> str:
    """Markdown from a bundle's facts; ``about`` is Markdown of its maker's own, put first."""
    provenance = facts["provenance"]
    parts = [
        f"# {facts['name']}\n\nA model for improvd: it hears up to 100 notes and goes on playing.",
        *([about.strip()] if about.strip() else []),
        "## What it was trained on\n\n" + _sources(provenance["sources"]),
    ]
    if provenance["attribution"]:
        credits_ = "\n".join(f"- {line}" for line in provenance["attribution"])
        parts.append(f"## Attribution\n\n{credits_}")
    parts.append("## How it was trained\n\n" + _training(facts))
    scores = facts.get("scores", {})
    for split, title in (("valid", "pieces that watched the fitting"), ("test", "pieces that no decision saw")):
        if scores.get(split):
            parts.append(f"## Bits a note on {title}\n\n" + _scores(scores[split]))
    return "\n\n".join(parts) + "\n"


def _sources(sources: Sequence[Mapping[str, Any]]) -> str:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for one in sources:
        groups[one["style"], one["source"]].append(one)
    lines = ["| style | source | pieces | notes | licence |", "|---|---|---:|---:|---|"]
    for (style, source), ones in sorted(groups.items()):
        pieces, notes = (sum(one[count] for one in ones) for count in ("pieces", "notes"))
        licences = sorted({one["licence"].partition(";")[0] for one in ones})
        lines.append(f"| {style} | {source} | {pieces:,} | {notes:,} | {', '.join(licences)} |")
    return "\n".join(lines) + "\n\nEvery licence as each file states it is in `model.json`, under `provenance`."


def _training(facts: Mapping[str, Any]) -> str:
    provenance = facts["provenance"]
    versions, fitted = provenance["versions"], facts.get("fit", {})
    made_with = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [f"    {_command(facts['name'], provenance['settings'])}", "", f"Made with {made_with}."]
    if fitted:
        lines.append(
            f"{fitted['steps']:,} steps, {fitted['notes_seen'] / 1e6:.1f} million notes seen in "
            f"{fitted['seconds'] / 60:.0f} minutes on {fitted['processors']} processors; "
            f"{fitted['parameters']:,} parameters, stored in half precision."
        )
    return "\n".join(lines)


def _command(name: str, settings: Mapping[str, Any]) -> str:
    """What to type for a model like this; what a plain `improvd train` does anyway is left out."""
    plain = {one.name: one.default for one in fields(TrainSettings)}
    said = [
        f"--{option} {value}" for option, value in settings.items() if value != plain[option] and option != "weights"
    ]
    said += [f"--weight {style}={share}" for style, share in settings["weights"].items()]
    return " ".join(["improvd train CORPUS", f"-o models/{name}", *said])


def _scores(scores: Mapping[str, Mapping[str, float]]) -> str:
    names = ("interval", "pitch", "duration", "velocity", "total")
    lines = [f"| style | notes | {' | '.join(names)} |", "|---|---:|" + "---:|" * len(names)]
    for style, row in scores.items():
        lines.append(f"| {style} | {int(row['notes']):,} | {' | '.join(f'{row[name]:.3f}' for name in names)} |")
    return "\n".join(lines)
