"""The card of a bundle: what the model is made of, how it was trained and how well it does, for people."""

from __future__ import annotations

import shlex
from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from improvd.train.settings import TrainSettings
from improvd.train.words import many, spell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OPTIONS: Final = {"parent": "from"}
"""What of the settings is typed by another name than its own."""


def card(facts: Mapping[str, Any], about: str = "") -> str:
    """Markdown from a bundle's facts; ``about`` is Markdown of its maker's own, put first."""
    provenance = facts["provenance"]
    parts = [
        f"# {facts['name']}\n\nA model for improvd: it hears up to 100 notes and goes on playing.",
        *([about.strip()] if about.strip() else []),
        "## What it was trained on\n\n" + _sources(provenance["sources"]) + _corpus(facts.get("corpus", {})),
    ]
    parent = provenance.get("parent") or {"attribution": []}
    if "name" in parent:
        parts.append(
            f"## What it goes on from\n\nThe model {parent['name']}, which was trained on:\n\n"
            + _sources(parent["sources"])
        )
    if asked := sorted({*provenance["attribution"], *parent["attribution"]}):
        parts.append("## Attribution\n\n" + "\n".join(f"- {line}" for line in asked))
    parts.append("## How it was trained\n\n" + _training(facts))
    scores = facts.get("scores", {})
    for split, title in (("valid", "pieces that watched the fitting"), ("test", "pieces that no decision saw")):
        if scores.get(split):
            parts.append(f"## Bits a note on {title}\n\n" + _scores(scores[split]))
    return "\n\n".join(parts) + "\n"


def by_source(sources: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each style and source, with the licences that its files state, but not what they say of each."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for one in sources:
        groups[one["style"], one["source"]].append(one)
    return [
        {
            "style": style,
            "source": source,
            "pieces": sum(one["pieces"] for one in ones),
            "notes": sum(one["notes"] for one in ones),
            "licence": ", ".join(sorted({one["licence"].partition(";")[0] for one in ones})),
        }
        for (style, source), ones in sorted(groups.items())
    ]


def _sources(sources: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| style | source | pieces | notes | licence |", "|---|---|---:|---:|---|"]
    lines += [
        f"| {one['style']} | {one['source']} | {one['pieces']:,} | {one['notes']:,} | {one['licence']} |"
        for one in by_source(sources)
    ]
    return "\n".join(lines) + "\n\nEvery licence as each file states it is in `model.json`, under `provenance`."


def _corpus(corpus: Mapping[str, Any]) -> str:
    """What became of the files, in a sentence or two; nothing for bundles that don't tell."""
    if not corpus:
        return ""
    used, *others = (corpus["files"].get(status, 0) for status in ("used", "duplicate", "skipped"))
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(corpus["kinds"].items()))
    left_out = " and ".join(
        f"{count:,} {what}"
        for count, what in zip(others, ("duplicates", "that could not be used"), strict=True)
        if count
    )
    return f"\n\nFiles: {kinds}; the beat is known of {100 * corpus['beat_known'] / max(1, used):.0f} % of them." + (
        f" Left out: {left_out}." if left_out else ""
    )


def _training(facts: Mapping[str, Any]) -> str:
    provenance = facts["provenance"]
    versions, fitted = provenance["versions"], facts.get("fit", {})
    made_with = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        f"    {command(provenance['settings'], corpus=['CORPUS'], out='models/' + facts['name'])}",
        "",
        f"Made with {made_with}.",
    ]
    if fitted:
        lines.append(
            f"{fitted['steps']:,} steps, {fitted['notes_seen']:,} notes seen in {spell(fitted['seconds'])} on "
            f"{many(fitted['processors'], 'processor')}; "
            f"{fitted['parameters']:,} parameters, stored in half precision."
        )
    return "\n".join(lines)


def command(settings: Mapping[str, Any], *, corpus: Sequence[str], out: str) -> str:
    """What to type for a model of these settings; what a plain `improvd train` does anyway is left out.

    ``corpus`` are the words that name it, with options of its own where it has some.
    """
    plain = {one.name: one.default for one in fields(TrainSettings)}
    words = ["improvd", "train", *corpus, "-o", out]
    for name, value in settings.items():
        if name not in {"weights", "styles"} and value != plain[name]:
            words += [f"--{OPTIONS.get(name, name)}", str(value)]
    for name, share in settings["weights"].items():
        words += ["--weight", f"{name}={share}"]
    for pattern, name in settings.get("styles", {}).items():
        words += ["--style", f"{name}={pattern}"]
    return shlex.join(words)


def _scores(scores: Mapping[str, Mapping[str, float]]) -> str:
    names = ("interval", "pitch", "duration", "velocity", "total")
    lines = [f"| style | notes | {' | '.join(names)} |", "|---|---:|" + "---:|" * len(names)]
    for style, row in scores.items():
        lines.append(f"| {style} | {int(row['notes']):,} | {' | '.join(f'{row[name]:.3f}' for name in names)} |")
    return "\n".join(lines)
