"""The page that a training ends with: whole by itself, safe whatever files are called, and true."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from improvd.train.files.corpus import Entry
from improvd.train.fitting.data import index
from improvd.train.intake.ingest import Filed
from improvd.train.settings import TrainSettings
from tests.model.tiny_model import STYLES, tiny_bundle
from tests.train.tunes import FREE, ON_THE_BEAT, piece, shard, wandering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from improvd.train.intake.shards import Labelled

pytestmark = pytest.mark.needs("matplotlib")

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}"
SCORE = {"notes": 1234, "interval": 0.5, "pitch": 3.0625, "duration": 1.125, "velocity": 0.25, "total": 4.9375}
VOID = {"br", "hr", "img", "input", "link", "meta"}


@pytest.fixture(autouse=True)
def _few_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model plays thousands of notes for a report; a few hundred show as much here."""
    monkeypatch.setattr("improvd.train.reporting.report.PLAYED", 6)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of an everyday training."""
    files = [filed("a.mid"), filed("b.mid"), filed("c.mid", "skipped", "no notes")]
    return report(tmp_path_factory.mktemp("everyday") / "mine", files)


def facts(**changes: object) -> dict[str, Any]:
    attributes = {"interval": 0.5, "pitch": 3.0, "duration": 1.2, "velocity": 0.3}
    return {
        "name": "mine",
        "vocabulary": {"styles": list(STYLES)},
        "corpus": {"files": {"used": 2}, "kinds": {"MIDI files": 2}, "beat_known": 2},
        "provenance": {
            "sources": [
                {"source": "An archive", "licence": "CC0-1.0", "style": "folk", "pieces": 11, "notes": 4567},
                {"source": "A friend", "licence": "CC-BY-4.0", "style": "rock", "pieces": 2, "notes": 89},
            ],
            "attribution": ["Trad.: Tune 5 — CC-BY-4.0, A friend"],
            "parent": None,
            "settings": {"minutes": 12.0, "epochs": None, "seed": 7, "parent": "", "weights": {"folk": 0.5}},
            "versions": {"improvd": "0.1.0", "python": "3.11.7"},
        },
        "fit": {
            "steps": 4321,
            "notes_seen": 8_642_000,
            "seconds": 720,
            "processors": 2,
            "parameters": 793_623,
            "history": [
                {"step": 2000, "seconds": 340.0, "total": 6.5, "train": 6.0, **attributes},
                {"step": 4321, "seconds": 720.0, "total": 5.0, "train": 4.5, **attributes},
            ],
            "curve": [{"step": 1000, "bits": 7.0}, {"step": 4000, "bits": 4.5}],
        },
        "scores": {"valid": {"folk": SCORE, "rock": SCORE, "all": SCORE}, "test": {"all": SCORE}},
        **changes,
    }


def filed(name: str, status: str = "used", reason: str = "", **about: str) -> Filed:
    entry = Entry(f"/home/anna/Music/{name}", about.pop("style", "folk"), **about)
    used = status == "used"
    return Filed(entry, status, reason, "ab" * 20, 120 if used else 0, "Eb major" if used else "", used)


def report(
    folder: Path,
    files: Sequence[Filed] = (filed("a.mid"), filed("b.mid")),
    pieces: Sequence[Labelled] | None = None,
    settings: TrainSettings | None = None,
    **changes: object,
) -> str:
    """Write a report, and give its page."""
    from improvd.train.reporting import report as reports  # noqa: PLC0415  only where matplotlib is

    pieces = [piece(n, split="valid" if n == 0 else "train") for n in range(6)] if pieces is None else pieces
    folder.mkdir(exist_ok=True)
    bundle = replace(tiny_bundle(), path=folder, facts=facts(**changes))
    data = index([shard(folder.parent / "shards", *pieces)])
    corpus = ("/home/anna/Music", "music21:bach")
    settings = settings or TrainSettings(corpus, Path("models/my model"), columns={"style": "my genre"})
    page = reports.write(settings, bundle, files, data)
    assert sorted(path.name for path in folder.iterdir()) == ["files.csv", "report.html"]
    assert page == folder / "report.html"
    return page.read_text(encoding="utf-8")


class Reader(HTMLParser):
    """What a browser would make of a page: every element is closed, in order; what it holds and refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self.rows: list[list[str]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data.strip()

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def test_a_page_is_whole_and_needs_nothing_else(page: str) -> None:
    read = Reader(page)
    assert page.startswith("<!DOCTYPE html>")
    assert read.values("href") == ["files.csv"]
    assert not re.search(r"(?:src|action|data|poster|srcset)\s*=\s*[\"']?\w+:", page)
    assert not re.search(r"https?:|//\w+\.|@import|url\((?!#)", page)
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"(?:url\(|href=\")#([\w-]+)", page)) | set(read.values("aria-labelledby"))
    assert used <= set(ids)
    assert {"html", "title", "main", "h1", "table", "caption", "svg"} <= set(read.tags)


def test_a_browser_runs_no_script_but_the_pages_own(page: str) -> None:
    (script,) = Reader(page).texts["script"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + digest + "'"
    assert policy in Reader(page).values("content")


def test_every_picture_and_control_has_a_name(page: str) -> None:
    read = Reader(page)
    assert read.values("role").count("img") == read.tags["svg"] == 5 + 4 + 3 + 1
    assert all(len(label) > 5 for label in read.values("aria-label"))
    assert read.values("for") == ["search"]
    assert read.values("lang") == ["en"]


@pytest.mark.parametrize("style", ["folk", EVIL])
def test_whatever_comes_from_files_is_text(style: str, tmp_path: Path) -> None:
    name = EVIL.replace("/", "")
    provenance = facts()["provenance"] | {
        "sources": [{"source": EVIL, "licence": EVIL, "style": style, "pieces": 1, "notes": 2}],
        "attribution": [EVIL],
        "parent": {"name": EVIL, "sources": [], "attribution": [EVIL]},
        "versions": {EVIL: EVIL},
    }
    files = [filed(name, title=EVIL, composer=EVIL, style=style), filed(f"{name}\x1b[2J\udcff", "skipped", EVIL)]
    settings = TrainSettings((EVIL,), Path(name))
    evil = report(
        tmp_path / "evil",
        files,
        settings=settings,
        name=EVIL,
        provenance=provenance,
        scores={"valid": {EVIL: SCORE, "rock": SCORE, "all": SCORE}},
        vocabulary={"styles": [EVIL]},
    )
    read = Reader(evil)
    assert "alert('x')" in "".join(read.texts["td"])
    assert read.tags["script"] == 1
    assert read.tags["img"] == 0
    assert read.values("onerror") == []
    assert "49" not in "".join(read.texts["h1"])
    assert "\x1b" not in evil
    with (tmp_path / "evil" / "files.csv").open(newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["title"] == EVIL


def test_its_figures_are_the_models(page: str) -> None:
    read = Reader(page)
    assert read.rows.count(["folk", "1,234", "0.500", "3.062", "1.125", "0.250", "4.938", ""]) == 1
    assert read.rows.count(["all", "1,234", "0.500", "3.062", "1.125", "0.250", "4.938", ""]) == 2
    assert ["folk", "An archive", "11", "4,567", "CC0-1.0"] in read.rows
    assert ["no notes", "1"] in read.rows
    assert ["c.mid" + "no notes", "skipped", "folk", "", "", ""] in read.rows
    assert ["a.mid", "used", "folk", "120", "Eb major", "known"] in read.rows
    listed = dict(zip(read.texts["dt"], read.texts["dd"], strict=True))
    assert listed["Pieces"] == "13"
    assert listed["Notes"] == "4,656"
    assert listed["Fitting"] == "12 min"
    assert listed["Notes fitted a second"] == "12,003"
    assert listed["Bits a note, unseen pieces"] == "4.94"
    assert (listed["steps"], listed["parameters"], listed["weights"]) == ("4,321", "793,623", "folk 0.5")
    commands = [text for text in read.texts["code"] if text.startswith("improvd")]
    assert commands == [
        "improvd run --model 'models/my model'",
        (
            "improvd train /home/anna/Music music21:bach --column 'style=my genre' -o 'models/my model' "
            "--minutes 12.0 --seed 7 --weight folk=0.5"
        ),
    ]
    assert "Of 3 files: 2 used and 1 skipped." in page
    assert "choose among 31 notes" in page
    assert "Trad.: Tune 5 — CC-BY-4.0, A friend" in page


def test_the_same_training_has_the_same_report(tmp_path: Path) -> None:
    assert report(tmp_path / "one") == report(tmp_path / "other")


def test_a_model_that_learnt_nothing_is_told_so(tmp_path: Path) -> None:
    poor = SCORE | {"total": 40.0}
    assert "It needs more minutes, or more music." in report(tmp_path / "mine", scores={"valid": {"all": poor}})


def test_thousands_of_files_stay_readable_and_are_all_in_the_list(tmp_path: Path) -> None:
    long = "very long " * 60
    files = [filed(f"{long}{n:05}.mid", title=long, composer=long) for n in range(8000)]
    files += [filed(f"{n:05}.mid", "duplicate", f"the same notes as /home/anna/Music/{long}") for n in range(1500)]
    files += [filed(f"{n:05}.abc", "skipped", f"reason {n}: {long}") for n in range(500)]
    provenance = facts()["provenance"] | {
        "attribution": [f"{n} {long}" for n in range(9000)],
        "sources": [
            {"source": f"{n} {long}", "licence": long, "style": "folk", "pieces": 1, "notes": 2} for n in range(3000)
        ],
    }
    page = report(tmp_path / "mine", files, provenance=provenance)
    assert len(page) < 2_000_000
    rows = [row[1] for row in Reader(page).rows if len(row) == 6]
    assert Counter(rows) == {"skipped": 500, "duplicate": 500, "ended as": 1}
    for more in ("… and 2,800 more", "… and 8,000 more", "9,000 more are not shown here"):
        assert more in page
    with (tmp_path / "mine" / "files.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert Counter(row["status"] for row in read) == {"used": 8000, "duplicate": 1500, "skipped": 500}
    assert [row["path"] for row in read] == [one.entry.path for one in files]


ONE = [piece(1, wandering(1, 300))]
ALONE: dict[str, Any] = {"scores": {}}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "one piece": ({"pieces": ONE, "files": [filed("a.mid")], **ALONE}, "nobody knows, for no piece was kept apart"),
    "no pieces to watch by": ({"pieces": [piece(n) for n in range(6)], **ALONE}, "learning by heart"),
    "only a test": ({"pieces": [piece(n) for n in range(6)], "scores": {"test": {"all": SCORE}}}, "no decision saw"),
    "no styles": ({"vocabulary": {"styles": []}}, "It learnt from 13 pieces, 4,656 notes"),
    "one style": ({"vocabulary": {"styles": ["folk"]}}, "in the style folk"),
    "only recordings": (
        {
            "files": [replace(filed("a.mp3"), key="", beat_known=False), replace(filed("b.wav"), key="")],
            "pieces": [piece(n, metre=FREE) for n in range(6)],
        },
        "out of 2 recordings",
    ),
    "mixed kinds": (
        {"files": [filed("a.mp3"), filed("b.abc"), filed("c.mid"), filed("d.kar"), filed("e.mxl")]},
        "out of 2 MIDI files, 1 recording and 2 scores",
    ),
    "from another model": (
        {
            "provenance": facts()["provenance"]
            | {"parent": {"name": "default", "attribution": ["Bach: Air"], "sources": facts()["provenance"]["sources"]}}
        },
        "It goes on from the model default",
    ),
    "files all over the place": (
        {"files": [filed("a.mid"), Filed(Entry("s3://bucket/b.mid", "folk"), "used"), filed("../../c.mid")]},
        "s3://bucket/b.mid",
    ),
    "a fit that went wrong at first": (
        {"fit": facts()["fit"] | {"history": [facts()["fit"]["history"][0] | {"total": float("nan")}] * 2}},
        "How it learnt",
    ),
    "one validation": (
        {"fit": facts()["fit"] | {"history": facts()["fit"]["history"][:1], "curve": []}},
        "6.50 at first, 6.50 at best",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_training_has_a_report(case: str, tmp_path: Path) -> None:
    changes, told = CASES[case]
    page = report(tmp_path / "mine", **changes)
    read = Reader(page)
    assert told in "".join(text for texts in read.texts.values() for text in texts) + "".join(read.values("aria-label"))
    assert ("Keys" in read.texts["h3"]) == (case != "only recordings")


def test_examples_are_of_different_styles_where_there_are_some(tmp_path: Path) -> None:
    pieces = [piece(n, style=STYLES[n % 2], split="valid" if n == 0 else "train", metre=ON_THE_BEAT) for n in range(9)]
    titles = Reader(report(tmp_path / "mine", pieces=pieces)).texts["h3"]
    assert {f"In the style {style}" for style in STYLES} <= set(titles)
    assert len([title for title in titles if title.startswith("In the style")]) == 3
