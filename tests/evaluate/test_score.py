from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from improvd.cli import main
from improvd.evaluate import accounts, pieces, score
from improvd.model.network import CHOSEN
from improvd.model.tokens import (
    ATTRIBUTES,
    BAR,
    BAR_UNKNOWN,
    BEAT,
    INTERVAL,
    METRE,
    METRE_UNKNOWN,
    PITCH,
    SIZES,
    Metre,
    TickNotes,
    Vocabulary,
)
from improvd.train.files.corpus import find
from tests.model.tiny_model import STYLES, tiny_bundle
from tests.train.midi_files import corpus, tune, write_midi

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.needs("symusic")
CHORDS = [(480 * (n // 2), 60 + 5 * (n % 2) + n // 4, 240, 80) for n in range(24)]


def one_by_one(rows: np.ndarray, style: int) -> np.ndarray:
    """Bits as a player of one note after the other would count them, shape (notes, 4)."""
    network = tiny_bundle().network()
    out = np.zeros((len(rows), len(ATTRIBUTES)))
    network.begin(style)
    for number, row in enumerate(rows.tolist()):
        for head in CHOSEN:
            chances = np.exp(network.logits(head, row).astype(np.float64))
            if head == PITCH and row[INTERVAL] == 0:
                chances[: rows[number - 1, PITCH] + 1] = 0.0
            if (head, number) != (INTERVAL, 0):
                out[number, head] = -math.log2(chances[row[head]] / chances.sum())
        network.hear((*row, style))
    return out


def test_a_piece_costs_what_it_costs_note_by_note(tmp_path: Path) -> None:
    write_midi(tmp_path / "folk" / "chords.mid", CHORDS)
    [piece] = pieces.read(find([str(tmp_path)]))[0]
    [scored] = score.score(tiny_bundle(), [piece])
    told = one_by_one(piece.rows.astype(np.int32), STYLES.index("folk") + 1)
    untold = piece.rows.astype(np.int32)
    assert (untold[:, BAR] != BAR_UNKNOWN).all()
    untold[:, BAR], untold[:, METRE] = BAR_UNKNOWN, METRE_UNKNOWN
    assert np.allclose(scored.told.bins, told.sum(axis=0), rtol=1e-6)
    assert np.allclose(scored.untold.bins, one_by_one(untold, 0).sum(axis=0), rtol=1e-6)
    assert not np.allclose(scored.told.bins, scored.untold.bins)


def test_the_beat_is_heard_without_the_bar() -> None:
    rows = np.array([[60, 60, 1, 1, 6, 3, 8]], dtype=np.uint8)
    assert pieces.untold(rows).tolist() == [[60, 60, 1, 1, 6, BAR_UNKNOWN, METRE_UNKNOWN]]
    assert rows[0, BEAT] == 6


def test_exact_events_cost_the_width_of_their_bins_more() -> None:
    notes = TickNotes(np.array([0, 0, 90]), np.array([60, 64, 60]), np.array([1, 100, 384]), np.array([3, 80, 127]))
    rows = Vocabulary().encode(notes, Metre())
    spread = accounts.spread(rows)
    # The first interval is none, 0 ticks is 0 alone; 84 stands for 79 to 90, of which 90 is the last.
    assert np.exp2(spread[:, 0]).round(6).tolist() == [1, 1, 12]
    assert spread[:, 1].tolist() == [0, 0, 0]
    # 96 stands for 91 to 108, and 384 for 337 to 384.
    assert np.exp2(spread[:, 2]).round(6).tolist() == [1, 18, 48]
    # 0 is no velocity.
    assert np.exp2(spread[:, 3]).round(6).tolist() == [7, 8, 8]


def test_exact_chances_sum_to_one() -> None:
    """Spread over what the bins hold, an even distribution is an even one over no more than all exact values."""
    for head, values in ((0, 385), (1, 128), (2, 384), (3, 127)):
        rows = np.zeros((SIZES[head], 4), dtype=np.int64)
        rows[:, head] = np.arange(SIZES[head])
        assert np.isclose(np.exp2(accounts.spread(rows)[:, head]).sum(), values)


def test_means_weigh_every_note_alike() -> None:
    rows = np.zeros((3, 4), dtype=np.int64)
    short, long = accounts.Tally.of(rows[:1], np.full((1, 4), 4.0)), accounts.Tally.of(rows, np.full((3, 4), 8.0))
    described = accounts.total([short, long]).describe()
    assert described["notes"] == 4
    assert described["bits"] == {**dict.fromkeys(ATTRIBUTES, 7.0), "total": 28.0}
    assert described["perplexity"]["total"] == 2.0**28


def test_what_the_vocabulary_can_not_tell_is_counted() -> None:
    notes = TickNotes(
        np.array([0, 48, 98, 98 + 500]), np.array([60] * 4), np.array([24, 50, 385, 48]), np.array([64] * 4)
    )
    assert accounts.outside([notes]) == {"interval": 0.5, "duration": 0.5, "beyond": 0.5, "any": 0.75}
    assert accounts.outside([]) == {"interval": 0, "duration": 0, "beyond": 0, "any": 0}


def measured(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main(["eval", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_json_has_all_that_is_promised(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus(tmp_path / "music" / "folk", pieces=3)
    write_midi(tmp_path / "music" / "rock" / "one.mid", tune(7, 20))
    (tmp_path / "music" / "broken.mid").write_bytes(b"MThd")
    found = measured(capsys, model, tmp_path / "music")
    assert found["notes"] == 3 * 64 + 20
    assert set(found["bits"]) == {*ATTRIBUTES, "total"}
    assert math.isclose(found["bits"]["total"], sum(found["bits"][name] for name in ATTRIBUTES))
    assert math.isclose(found["perplexity"]["total"], 2 ** found["bits"]["total"])
    assert found["exact"]["total"] > found["bits"]["total"]
    assert {key: group["notes"] for key, group in found["by_style"].items()} == {"folk": 192, "rock": 20}
    weighted = sum(one["notes"] * one["bits"]["pitch"] for one in found["files"]) / found["notes"]
    assert math.isclose(weighted, found["bits"]["pitch"])
    assert [one["path"] for one in found["skipped"]] == [str(tmp_path / "music" / "broken.mid")]
    assert found["skipped"][0]["reason"]


def test_only_the_beginning_counts_where_asked(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_midi(tmp_path / "folk" / "tune.mid", tune(3))
    first, shorter = tune(3)[:10], tmp_path / "folk" / "short.mid"
    write_midi(shorter, first)
    assert measured(capsys, model, path, "--first", 10)["bits"] == measured(capsys, model, shorter)["bits"]


def test_a_style_may_be_told_for_all(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_midi(tmp_path / "unheard-of" / "tune.mid", tune(3))
    rock, folk, none = (
        measured(capsys, model, path, *style) for style in (("--style", "rock"), ("--style", "folk"), ())
    )
    assert rock["bits"] == folk["bits"] == none["bits"]
    assert len({one["told"]["bits"]["total"] for one in (rock, folk, none)}) == 3


def test_a_manifest_says_what_belongs_to_a_split(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        write_midi(tmp_path / f"{number}.mid", tune(number))
    (tmp_path / "manifest.csv").write_text("path,split,source\n0.mid,train,A\n1.mid,test,A\n2.mid,test,B\n")
    found = measured(capsys, model, tmp_path, "--split", "test")
    assert [one["path"] for one in found["files"]] == [str(tmp_path / name) for name in ("1.mid", "2.mid")]
    assert list(found["by_source"]) == ["A", "B"]


def test_people_get_a_table(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_midi(tmp_path / "folk" / "tune.mid", tune(3))
    (tmp_path / "folk" / "empty.mid").write_bytes(b"")
    assert main(["eval", str(model), str(tmp_path / "folk")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("tiny: 64 notes of 1 file, 1 skipped\n")
    assert "told style and bar" in out
    assert f"skipped {tmp_path / 'folk' / 'empty.mid'}: empty file" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.mid"], "no such file or folder: nowhere.mid"),
        (["broken.mid"], "none of the 1 files can be read (broken.mid: empty file)"),
        (["good.mid", "--split", "test"], "no manifest puts any of these 1 files into the split 'test'"),
        (["good.mid", "--split", "tast"], "--split is one of train, valid, test, not 'tast'"),
        (["good.mid", "--style", "polka"], "knows no style 'polka'"),
        (["good.mid", "--first", "0"], "--first"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    arguments: list[str],
    told: str,
    *,
    tmp_path: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_midi(tmp_path / "good.mid", tune(0))
    (tmp_path / "broken.mid").write_bytes(b"")
    assert main(["eval", str(model), *arguments]) == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("improvd: ")
    assert told in last
