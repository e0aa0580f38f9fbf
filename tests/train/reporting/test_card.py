"""What a card says of a model, and the command on it."""

from __future__ import annotations

from typing import Any

import pytest

from improvd.train.reporting.card import by_source, card, command

SETTINGS: dict[str, Any] = {"minutes": 10.0, "epochs": None, "seed": 0, "parent": "", "weights": {}}
SOURCE = {"source": "An archive", "licence": "CC0-1.0; page 3", "style": "folk", "pieces": 2, "notes": 300}


def facts(**changes: object) -> dict[str, Any]:
    provenance: dict[str, Any] = {
        "sources": [SOURCE, SOURCE | {"licence": "CC0-1.0; page 4", "pieces": 1}],
        "attribution": ["Trad.: Tune 5 — CC-BY-4.0"],
        "settings": SETTINGS,
        "versions": {"improvd": "0.1.0"},
    }
    return {"name": "mine", "provenance": provenance | changes, "scores": {}}


def test_sources_are_told_once_with_all_their_licences() -> None:
    (one,) = by_source([SOURCE, SOURCE | {"licence": "CC-BY-4.0"}, SOURCE | {"licence": "CC0-1.0; page 9"}])
    assert one == SOURCE | {"pieces": 6, "notes": 900, "licence": "CC-BY-4.0, CC0-1.0"}
    assert "| folk | An archive | 3 | 600 | CC0-1.0 |" in card(facts())


def test_it_says_what_became_of_the_files() -> None:
    corpus = {
        "files": {"used": 12, "duplicate": 2, "skipped": 1},
        "kinds": {"recordings": 4, "MIDI files": 8},
        "beat_known": 9,
    }
    assert (
        "Files: 8 MIDI files, 4 recordings; the beat is known of 75 % of them. "
        "Left out: 2 duplicates and 1 that could not be used.\n" in card(facts() | {"corpus": corpus})
    )
    assert "Left out" not in card(facts() | {"corpus": corpus | {"files": {"used": 12}}})


def test_whoever_is_to_be_thanked_for_the_model_before_is_thanked_again() -> None:
    parent = {
        "name": "default",
        "sources": [SOURCE | {"source": "Elsewhere", "style": "lieder"}],
        "attribution": ["Bach: Air — CC-BY-3.0", "Trad.: Tune 5 — CC-BY-4.0"],
    }
    made = card(facts(parent=parent))
    assert "## What it goes on from\n\nThe model default, which was trained on:" in made
    assert "| lieder | Elsewhere | 2 | 300 | CC0-1.0 |" in made
    assert made.count("- Bach: Air — CC-BY-3.0\n") == made.count("- Trad.: Tune 5 — CC-BY-4.0\n") == 1
    assert "What it goes on from" not in card(facts(parent=None))
    assert "## Attribution" not in card(facts(attribution=[]))


@pytest.mark.parametrize(
    ("settings", "typed"),
    [
        ({}, "improvd train CORPUS -o models/mine --minutes 10.0"),
        ({"minutes": None, "seed": 3, "epochs": 5}, "improvd train CORPUS -o models/mine --epochs 5 --seed 3"),
        ({"parent": "my models/old"}, "improvd train CORPUS -o models/mine --minutes 10.0 --from 'my models/old'"),
        (
            {"weights": {"string quartets": 0.25, "folk": 1.0}},
            "improvd train CORPUS -o models/mine --minutes 10.0 --weight 'string quartets=0.25' --weight folk=1.0",
        ),
        (
            {"styles": {"keyboard*": "classical", "game": "rock"}},
            "improvd train CORPUS -o models/mine --minutes 10.0 --style 'classical=keyboard*' --style rock=game",
        ),
    ],
)
def test_the_command_can_be_typed(settings: dict[str, Any], typed: str) -> None:
    assert command(SETTINGS | settings, corpus=["CORPUS"], out="models/mine") == typed
