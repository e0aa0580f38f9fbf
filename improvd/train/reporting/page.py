"""The report of a training as one page of HTML that needs nothing else: no network, no other file.

Everything that comes from files goes through the template's escaping, and the page allows only its own script to run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import shlex
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import jinja2
import numpy as np

from improvd.model.tokens import ATTRIBUTES
from improvd.train.reporting import charts, tables
from improvd.train.reporting.distributions import overlap
from improvd.train.reporting.summary import summarise
from improvd.train.words import STATUSES, listed, many, shown, spell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from improvd.model.tokens import TickNotes
    from improvd.train.intake.ingest import Filed
    from improvd.train.reporting.distributions import Counted
    from improvd.train.reporting.summary import Summary
    from improvd.train.settings import TrainSettings

TEMPO: Final = 110.0
"""Beats a minute at which examples are heard."""


@dataclass(frozen=True)
class Example:
    """Music that the model played, by the style that it was told."""

    style: str
    notes: TickNotes


@dataclass(frozen=True)
class Material:
    """What a page is made from.

    ``facts`` are those of the bundle. ``learnt`` and ``played`` count a sample of what was learnt from and of what the
    model plays; ``alone`` is what a note of the watched pieces costs by how often each value occurs, in bits.
    """

    settings: TrainSettings
    facts: Mapping[str, Any]
    files: Sequence[Filed]
    learnt: Counted
    played: Counted
    examples: Sequence[Example]
    alone: float | None


def page(material: Material) -> str:
    """The HTML. Some two megabytes at most, however large the corpus."""
    css, script, template = _templates()
    summary = summarise(material.files)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return template.render(
        css=css,
        script=script,
        script_hash=f"sha256-{digest}",
        name=shown(material.facts["name"]),
        attributes=ATTRIBUTES,
        statuses=STATUSES,
        **_head(material, summary),
        **_learning(material),
        **_scores(material),
        played=_played(material),
        **tables.music(material.facts, summary),
        **tables.files(material.files, summary),
        **tables.again(material.settings, material.facts),
    )


@cache
def _templates() -> tuple[str, str, jinja2.Template]:
    loader = jinja2.PackageLoader("improvd.train.reporting")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    css, script = (loader.get_source(environment, f"report.{kind}")[0] for kind in ("css", "js"))
    return css, script, environment.get_template("report.html")


def _head(material: Material, summary: Summary) -> dict[str, Any]:
    facts, fitted = material.facts, material.facts["fit"]
    pieces, notes = (sum(one[what] for one in facts["provenance"]["sources"]) for what in ("pieces", "notes"))
    styles = facts["vocabulary"]["styles"]
    in_styles = "" if not styles else f" in the style {styles[0]}" if len(styles) == 1 else f" in {len(styles)} styles"
    kinds = listed([many(count, kind[:-1]) for kind, count in sorted(summary.kinds.items())])
    bits, unseen = _best(facts)
    lead = [
        f"It learnt from {many(pieces, 'piece')}{in_styles}, {notes:,} notes, out of {kinds}.",
        f"Fitting took {spell(fitted['seconds'])}.",
        _verdict(bits, material.alone, unseen=unseen),
    ]
    tiles = [
        ("Pieces", f"{pieces:,}"),
        ("Notes", _short(notes)),
        ("Fitting", spell(fitted["seconds"])),
        ("Notes fitted a second", _short(fitted["notes_seen"] / max(1, fitted["seconds"]))),
        ("Bits a note, unseen pieces" if unseen else "Bits a note, seen pieces", f"{bits:.2f}"),
    ]
    play = f"improvd run --model {shlex.quote(str(material.settings.out))}"
    return {"lead": shown(" ".join(lead)), "tiles": tiles, "play_command": shown(play)}


def _best(facts: Mapping[str, Any]) -> tuple[float, bool]:
    """Bits a note on what says most of a model, and whether these are pieces that it never learnt from."""
    for split in ("valid", "test"):
        if split in facts["scores"]:
            return facts["scores"][split]["all"]["total"], True
    return min(one["total"] for one in facts["fit"]["history"]), False


def _verdict(bits: float, alone: float | None, *, unseen: bool) -> str:
    """How good the model is, in plain words."""
    if not unseen:
        return (
            f"On what it learnt from, a note costs it {bits:.2f} bits; how well it does on other music nobody knows, "
            "for no piece was kept apart."
        )
    told = f"On pieces that it never learnt from, a note costs it {bits:.2f} bits:"
    if alone is not None and bits >= alone:
        return (
            f"{told} no better than knowing only how often each value occurs ({alone:.1f} bits). "
            "It needs more minutes, or more music."
        )
    among = f"{told} it is as unsure as if it had to choose among {many(round(2**bits), 'note')}, all equally likely."
    return among if alone is None else f"{among} By how often each value occurs alone, it would be {alone:.1f} bits."


def _learning(material: Material) -> dict[str, Any]:
    fitted = material.facts["fit"]
    history, watched = fitted["history"], "valid" in material.facts["scores"]
    steps, minutes = ([0.0, *(one[what] / by for one in history)] for what, by in (("step", 1), ("seconds", 60)))
    curve = [(float(np.interp(one["step"], steps, minutes)), one["bits"]) for one in fitted["curve"]]
    totals = [one["total"] if math.isfinite(one["total"]) else math.inf for one in history]
    chosen = totals.index(min(totals))
    curves = []
    for name in ("total", *ATTRIBUTES):
        valid = [(minute, one[name]) for minute, one in zip(minutes[1:], history, strict=True)]
        title = "All together" if name == "total" else name.capitalize()
        label = (
            f"{title}: bits a note over minutes of fitting, {valid[0][1]:.2f} at first, {valid[chosen][1]:.2f} at best."
        )
        svg = charts.loss(f"loss-{name}", label, valid, curve if name == "total" else [], valid[chosen])
        curves.append({"title": title, "note": "bits a note", "svg": svg})
    legend = [("line", "pieces that watch" if watched else "pieces learnt from")]
    if curve:
        legend.append(("line corpus", "pieces learnt from, changed at random"))
    return {"watched": watched, "curves": curves, "curve_legend": legend}


def _scores(material: Material) -> dict[str, Any]:
    titles = {"valid": "pieces that watched the fitting", "test": "pieces that no decision saw"}
    scores: list[dict[str, Any]] = [
        {"title": title, "rows": list(of.items()) if len(of) > 2 else [("all", of["all"])]}
        for split, title in titles.items()
        if (of := material.facts["scores"].get(split))
    ]
    most = max((row["total"] for one in scores for _, row in one["rows"]), default=1.0)
    return {"scores": scores, "most": max(most, 1e-9)}


def _played(material: Material) -> dict[str, Any]:
    learnt, played = material.learnt, material.played
    drawn = []
    for name, title, draw in (
        ("pitch", "Pitch", charts.pitches),
        ("interval", "Interval from onset to onset", charts.lengths),
        ("duration", "Duration", charts.lengths),
        ("velocity", "Velocity", charts.velocities),
    ):
        one, other = getattr(learnt, name), getattr(played, name)
        common = f"{100 * overlap(one, other):.0f} % in common"
        label = f"{title}: how often each value occurs in what it learnt from and in what it plays, {common}."
        svg = draw(name, label, one, other)
        drawn.append({"title": title, "note": common, "svg": svg})
    examples = [_example(one) for one in material.examples]
    return {"charts": drawn, "examples": examples, "notes": f"{played.notes:,}", "corpus": f"{learnt.notes:,}"}


def _example(example: Example) -> dict[str, Any]:
    notes = example.notes
    lowest, highest = int(notes.pitch.min()) - 1, int(notes.pitch.max()) + 1
    length = int((notes.onset + notes.duration).max())
    wide = 1000 / length
    rows = list(
        zip(*(column.tolist() for column in (notes.onset, notes.duration, notes.pitch, notes.velocity)), strict=True)
    )
    seconds = 60 / TEMPO / 24
    return {
        "title": f"In the style {shown(example.style)}" if example.style else "In no style",
        "height": highest - lowest + 1,
        "thick": max(0.9, (highest - lowest) / 32),  # to be seen, where there are many pitches
        "bars": [
            (
                round(onset * wide, 1),
                highest - pitch,
                round(max(2.0, duration * wide - 1), 1),
                round(0.35 + velocity / 200, 2),
            )
            for onset, duration, pitch, velocity in rows
        ],
        "notes": json.dumps(
            [
                [round(onset * seconds, 3), round(duration * seconds, 3), pitch, velocity]
                for onset, duration, pitch, velocity in rows
            ],
            separators=(",", ":"),
        ),
    }


def _short(number: float) -> str:
    """A number as a headline has it: "950", "41,200", "3.9 M"."""
    return f"{number / 1e6:.1f} M" if number >= 1e6 else f"{number:,.0f}"
