"""From files to shards, by threads of this process; `test_crew.py` does it by processes."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import fsspec
import pytest

from improvd.errors import CorpusError
from improvd.train import events
from improvd.train.files import store, whole
from improvd.train.files.corpus import Entry, find
from improvd.train.intake import parts, pool, rates, shards
from improvd.train.intake.ingest import Ingested, ingest
from improvd.train.music.reading import read_piece
from improvd.train.music.skipped import PassingError
from tests.train.midi_files import corpus, tune, write_midi

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.needs("symusic")


class Told:
    """What an ingestion tells: how many files it reads, and how many shards it writes."""

    def __init__(self) -> None:
        self.read = self.written = 0

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Stage) and event.done is not None:
            if event.stage == "reading":
                self.read += int(event.done)
            else:
                self.written += int(event.done)


def run(folder: Path | str, **how: object) -> tuple[Ingested, int, int]:
    """What came of a folder, and how many files were read and shards written for it."""
    told = Told()
    made = ingest(find([str(folder)]), told, **how)  # type: ignore[arg-type]  # by name
    return made, told.read, told.written


def statuses(made: Ingested) -> list[str]:
    return [file.status for file in made.files]


def held(made: Ingested) -> dict[str, list[tuple[int, int, int, int]]]:
    """The notes of every piece in the shards, by digest."""
    found = {}
    for path in made.shards:
        for group in shards.groups(path):
            notes = shards.load(group)
            for number, digest in enumerate(group.pieces):
                piece = notes.piece(number)
                columns = (piece.onset, piece.pitch, piece.duration, piece.velocity)
                found[digest] = list(zip(*(column.tolist() for column in columns), strict=True))
    return found


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen files are several parts, and several shards."""
    monkeypatch.setitem(parts.MOST_FILES, parts.MIDI, 4)
    monkeypatch.setattr(parts, "SHARD_NOTES", 300)


def test_each_file_ends_in_one_way(tmp_path: Path) -> None:
    good = write_midi(tmp_path / "good.mid", tune(1))
    again = write_midi(tmp_path / "again.mid", tune(1))
    higher = write_midi(tmp_path / "higher.mid", [(at, pitch + 3, *more) for at, pitch, *more in tune(1)])
    bad = tmp_path / "bad.mid"
    bad.write_text("a letter")
    paths = (good, again, higher, bad, tmp_path / "gone.mid")
    made = ingest([Entry(str(path), "x", source="a book") for path in paths])
    assert statuses(made) == ["used", "duplicate", "duplicate", "skipped", "skipped"]
    assert [file.reason for file in made.files] == [
        "",
        f"the same notes as {good}",
        f"nearly the same melody as {good}",
        "not a MIDI file",
        "not there",
    ]
    assert [file.notes for file in made.files] == [64, 64, 64, 0, 0]
    assert [file.beat_known for file in made.files] == [True, True, True, False, False]
    (group,) = shards.groups(made.shards[0])
    assert (group.split, group.style, group.sources) == ("train", "x", ("a book",))


@pytest.mark.usefixtures("small_parts")
def test_shards_hold_what_the_files_do(tmp_path: Path) -> None:
    made, _, written = run(corpus(tmp_path / "jigs"))
    assert len(made.shards) == written > 1
    pieces = held(made)
    assert len(pieces) == 12
    for file in made.files:
        piece = read_piece(file.entry)
        columns = (piece.notes.onset, piece.notes.pitch, piece.notes.duration, piece.notes.velocity)
        assert pieces[piece.digest] == list(zip(*(column.tolist() for column in columns), strict=True))
        assert (file.digest, file.notes) == (piece.digest, len(piece.notes))


@pytest.mark.usefixtures("small_parts")
def test_a_second_run_opens_no_file_and_needs_no_crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus(tmp_path / "jigs")
    first, read, _ = run(folder)
    assert read == 12
    monkeypatch.setattr("improvd.train.intake.crew._dask", None)
    for path in folder.iterdir():
        path.chmod(0o400)
    again, read, written = run(folder)
    assert (again, read, written) == (first, 0, 0)


def _touch(folder: Path) -> None:
    os.utime(folder / "tune-03.mid", (1, 1))


def _change(folder: Path) -> None:
    write_midi(folder / "tune-03.mid", tune(103))


def _add(folder: Path) -> None:
    write_midi(folder / "another.mid", tune(104))


def _take_away(folder: Path) -> None:
    (folder / "tune-03.mid").unlink()


def _relabel(folder: Path) -> None:
    (folder / "manifest.csv").write_text("path,style\ntune-03.mid,polka\n")


CHANGES: dict[str, tuple[Callable[[Path], None], int, int]] = {
    "touched": (_touch, 1, 0),
    "changed": (_change, 1, 1),
    "added": (_add, 1, 1),
    "taken away": (_take_away, 1, 1),
    "labelled otherwise": (_relabel, 0, 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_concerns_one_part_and_one_shard(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(parts.MOST_FILES, parts.MIDI, 8)
    monkeypatch.setattr(parts, "SHARD_NOTES", 640)
    do, parts_read, shards_written = CHANGES[change]
    folder = corpus(tmp_path / "jigs", pieces=20)
    before, _, _ = run(folder)
    do(folder)
    after, read, written = run(folder)
    assert bool(read) == bool(parts_read)
    assert read <= 8
    assert written == shards_written
    assert len(set(after.shards) - set(before.shards)) == shards_written


def test_a_file_that_was_touched_or_moved_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus(tmp_path / "jigs")
    before, _, _ = run(folder)
    monkeypatch.setattr(pool, "COMMAND", ("false",))
    os.utime(folder / "tune-03.mid", (1, 1))
    assert run(folder)[0] == before
    (folder / "deeper").mkdir()
    (folder / "tune-04.mid").rename(folder / "deeper" / "tune-04.mid")
    folder.rename(tmp_path / "reels")
    after, _, _ = run(tmp_path / "reels")
    assert statuses(after) == ["used"] * 12
    assert held(after) == held(before)


def test_reasons_are_remembered_but_for_those_that_may_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus(tmp_path / "jigs", pieces=3)
    (folder / "bad.mid").write_text("a letter")
    assert run(folder)[1] == 4
    assert run(folder)[1] == 0
    (folder / "bad.abc").write_text("X:1\n")
    monkeypatch.setattr(pool.Reader, "ask", lambda *_: PassingError("music21 is on holiday"))
    for _ in range(2):
        made, read, _ = run(folder)
        assert (statuses(made)[0], made.files[0].reason, read) == ("skipped", "music21 is on holiday", 1)


def test_a_link_that_leads_nowhere_costs_nothing(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs", pieces=3)
    (folder / "gone.mid").symlink_to(tmp_path / "nowhere.mid")
    for read in (3, 0):
        made, now_read, _ = run(folder)
        assert now_read == read
        assert [file.reason for file in made.files if file.status == "skipped"] == ["a link that leads nowhere"]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 8] ^= 255
    path.write_bytes(data)


def _garbage(path: Path) -> None:
    path.write_bytes(b"[1]" * 30)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("damage", [_cut, _spoil, _garbage, lambda path: path.unlink()])
@pytest.mark.parametrize("what", ["stamped", "content", "events", "labelled", "shards"])
def test_damaged_entries_are_made_anew(
    what: str, damage: Callable[[Path], None], tmp_path: Path, cache_folder: Path
) -> None:
    folder = corpus(tmp_path / "jigs")
    before, _, _ = run(folder)
    music = held(before)
    for path in (cache_folder / what).rglob("*"):
        if path.is_file():
            damage(path)
    again = run(folder)[0]
    assert again == before
    # With other labels, so that shards are written from the events.
    relabelled = ingest([replace(entry, style="reel") for entry in find([str(folder)])])
    assert not set(relabelled.shards) & set(before.shards)
    assert held(relabelled) == music
    if not (what == "shards" and damage is _spoil):  # who reads that shard finds it damaged
        assert held(again) == music


@pytest.mark.usefixtures("small_parts")
def test_strict_stops_at_the_first_bad_file(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs")
    for name in ("tune-05", "tune-02", "tune-09"):
        (folder / f"{name}.mid").write_text("a letter")
    for _ in range(2):
        with pytest.raises(CorpusError, match=r"tune-02\.mid: not a MIDI file \(--strict"):
            run(folder, strict=True)
    (folder / "tune-01.mid").unlink()
    (folder / "tune-01.mid").symlink_to("nowhere")
    with pytest.raises(CorpusError, match=r"tune-01\.mid: a link that leads nowhere"):
        run(folder, strict=True)


def test_a_file_that_kills_its_reader_is_skipped_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus(tmp_path / "jigs", pieces=6)
    ask = pool.Reader.ask

    def asked(self: pool.Reader, work: object, job: tuple[str, Path], seconds: float) -> object:
        if job[1].name == "tune-02.mid":
            return ask(self, os._exit, 1, seconds)
        return ask(self, work, job, seconds)  # type: ignore[arg-type]  # as it was given

    monkeypatch.setattr(pool.Reader, "ask", asked)
    made, _, _ = run(folder)
    assert statuses(made) == ["used"] * 2 + ["skipped"] + ["used"] * 3
    assert made.files[2].reason == "too large, or damaged"
    monkeypatch.undo()


def test_a_corpus_of_nothing_but_bad_files_says_why(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.mid").write_text("a letter")
    with pytest.raises(CorpusError, match=r"none of the 3 files can be learnt from: not a MIDI file \(3\); .* a.mid"):
        run(tmp_path)


def test_a_cache_that_cant_be_written_is_one_clear_line(tmp_path: Path, cache_folder: Path) -> None:
    cache_folder.write_text("no folder")
    with pytest.raises(CorpusError, match=r"can't write the cache .* \(--cache names another\)") as caught:
        run(corpus(tmp_path / "jigs", pieces=2))
    assert "\n" not in str(caught.value)


def test_corpus_and_cache_may_lie_where_only_fsspec_reaches(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs", pieces=5)
    far, kept = f"memory://{uuid4().hex}", f"memory://{uuid4().hex}/kept"
    memory = fsspec.filesystem("memory")
    memory.put(str(folder), f"{far}/jigs", recursive=True)
    there, read, written = run(f"{far}/jigs", cache=kept)
    assert (read, written) == (5, 1)
    assert there.shards[0].startswith(kept)
    assert whole.size(there.shards[0])
    here, _, _ = run(folder)
    assert held(there) == held(here)
    assert run(f"{far}/jigs", cache=kept) == (there, 0, 0)


def test_the_split_is_the_manifests_or_goes_by_content(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "jigs", pieces=4)
    (folder / "manifest.csv").write_text("path,split\ntune-00.mid,test\ntune-01.mid,valid\n")
    made, _, _ = run(folder)
    groups = [group for path in made.shards for group in shards.groups(path)]
    names = {file.digest: store.name(file.entry.path) for file in made.files}
    split = {names[piece]: group.split for group in groups for piece in group.pieces}
    assert (split["tune-00.mid"], split["tune-01.mid"]) == ("test", "valid")
    assert set(split) == set(names.values())
    assert {split["tune-02.mid"], split["tune-03.mid"]} <= {"train", "valid"}
    assert sum(len(shards.load(group)) for group in groups) == 4 * 64


def test_how_far_reading_is_goes_by_what_files_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus(tmp_path / "jigs", pieces=3)
    for name in ("a.mp3", "b.mp3"):
        (folder / name).write_text(f"no recording, {name}")
    monkeypatch.setattr("improvd.train.progress.OFTEN", 0.0)
    told: list[events.Event] = []
    ingest(find([str(folder)]), told.append)
    shares = [one.share or 0.0 for one in told if isinstance(one, events.Progress) and one.stage == "reading"]
    steps = sorted(after - before for before, after in zip([0.0, *shares], shares, strict=False))
    recording, midi = 240 / rates.USUAL["recordings"], 3 / rates.USUAL["midi"]
    assert shares[-1] == 1.0
    assert steps == pytest.approx([midi / (2 * recording + midi), *[recording / (2 * recording + midi)] * 2], rel=1e-3)
