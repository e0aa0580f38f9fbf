"""Options that are set one by one while it plays: checked as in a file, and described for those who draw knobs."""

from __future__ import annotations

import json

import pytest

from improvd.config import live
from improvd.config.option import Change, options_of
from improvd.config.options import RunOptions
from improvd.errors import UserError


def test_an_option_is_changed_by_its_name_in_a_file() -> None:
    assert live.changed(RunOptions(), "max-bars", 4) == RunOptions(max_bars=4.0)
    assert live.changed(RunOptions(bpm=96), "bpm", "auto") == RunOptions()
    assert live.changed(RunOptions(), "style", "folk") == RunOptions(style="folk")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("temperature", 9, "temperature must be from 0.05 to 4, not 9"),
        ("temperature", "0.8", "temperature must be from 0.05 to 4, not '0.8'"),
        ("temperature", True, "temperature must be from 0.05 to 4, not true"),
        ("channel", 1.5, "channel must be a whole number from 1 to 16, not 1.5"),
        ("max-bars", 0.25, "min-bars 0.5 is more than max-bars 0.25"),
        ("min-bars", 20, "min-bars 20 is more than max-bars 16"),
        ("temprature", 1, "there is no option 'temprature'; did you mean 'temperature'?"),
        ("max_bars", 1, "there is no option 'max_bars'; did you mean 'max-bars'?"),
        ("zzz", 1, "there is no option 'zzz'; see: improvd config"),
        ("trace", "out.jsonl", "trace only changes after a restart"),
        ("in", 5, "in must be a name, or a list of names, not 5"),
        ("in", "Keys; Pads;Keys", "in must not have 'Keys' twice"),
        ("in", [str(number) for number in range(17)], "in must be 16 names at most, not 17"),
        ("in", ["Keys", ["Pads"]], "in must be a name, or a list of names, not a list"),
        ("out", "Syn\nth", "out must be a line of text"),
        ("x" * 5000, 1, "there is no option 'xxx"),
    ],
)
def test_a_mistake_is_one_line(name: str, value: object, complaint: str) -> None:
    with pytest.raises(UserError) as refused:
        live.changed(RunOptions(), name, value)
    assert str(refused.value).startswith(complaint)
    assert len(str(refused.value)) < 200


def test_several_inputs_stand_in_a_list_or_in_a_text() -> None:
    for value in ("Keys; Pads", "Keys;Pads;", ["Keys", "Pads"], [" Keys; Pads "]):
        assert live.changed(RunOptions(), "in", value).inputs == ("Keys", "Pads")
    assert live.changed(RunOptions(inputs=("Keys",)), "in", "").inputs == ()
    assert live.value(RunOptions(inputs=("Keys", "Pads")), "in") == "Keys; Pads"


def test_what_can_change_is_what_the_configuration_says() -> None:
    assert set(live.LIVE) == {o.name for o in options_of(RunOptions) if o.change is not Change.RESTART}
    assert set(live.values(RunOptions())) == set(live.LIVE)


def test_each_is_described_so_that_a_knob_can_be_drawn() -> None:
    described = {option["name"]: option for option in live.described(RunOptions(bpm=96), ("folk", "jazz"))}
    assert list(described) == list(live.LIVE)
    assert json.loads(json.dumps(described)) == described
    bpm = described["bpm"]
    assert (bpm["kind"], bpm["value"], bpm["default"], bpm["low"], bpm["high"], bpm["word"], bpm["unit"]) == (
        "number",
        96,
        "auto",
        20,
        400,
        "auto",
        "beats a minute",
    )
    assert (described["style"]["kind"], described["style"]["choices"]) == ("choice", ["", "folk", "jazz"])
    assert described["channel"]["whole"] is True
    ports = {(described[end]["kind"], described[end]["direction"], described[end]["several"]) for end in ("in", "out")}
    assert ports == {("port", "input", True), ("port", "output", False)}
    assert (described["temperature"]["holds"], described["channel"]["holds"]) == ("at once", "from the next call")
    for option in described.values():
        assert live.changed(RunOptions(bpm=96), option["name"], option["value"]) == RunOptions(bpm=96)
