"""The map of controls in a file: what may stand there, and the one line for each mistake."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from improvd.config import text
from improvd.config.controls import RANGES, bindings_from, default_knob, table_of
from improvd.config.kinds import Number
from improvd.config.layers import Chosen, Origin, Source, Told, choose
from improvd.config.live import LIVE
from improvd.config.option import options_of
from improvd.config.options import RunOptions
from improvd.config.renewal import renew
from improvd.core.binding import COMMANDS, PROGRAM, Binding, Command, Control, Curve, Encoder, Fixed, Knob, Relative
from improvd.core.events import CONTROL, NOTE_ON
from improvd.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NUMBERS = sorted(name for name, option in LIVE.items() if isinstance(option.kind, Number))

TABLES = st.fixed_dictionaries(
    {},
    optional={
        "cc": st.integers(-1, 130),
        "note": st.integers(-1, 130) | st.sampled_from(["C2", "f#3", "H2", ""]),
        "program": st.integers(-1, 130),
        "channel": st.integers(0, 17),
        "low": st.floats(-2, 400) | st.integers(-60, 60),
        "high": st.floats(-2, 400) | st.integers(-60, 60),
        "curve": st.sampled_from(["linear", "exponential", "bent"]),
        "relative": st.sampled_from(["twos", "offset", "sign", "", 3]),
        "value": st.floats() | st.text(max_size=5) | st.booleans(),
        "follows": st.booleans() | st.integers(),
        "cX": st.none(),
    },
)


def bound(**tables: object) -> tuple[Binding, ...]:
    return tuple(binding for several in bindings_from(tables, LIVE).values() for binding in several)


def complaint(**tables: object) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the line is what is looked at
        bound(**tables)
    return str(caught.value)


def test_a_controller_turns_a_number_through_what_is_wanted_of_its_range() -> None:
    (binding,) = bound(temperature={"cc": 21})
    assert binding == Binding(Control(CONTROL, 21), "temperature", Knob(*RANGES["temperature"]))
    (binding,) = bound(similarity={"cc": 22, "channel": 10, "low": 0.2, "high": 0.8})
    assert binding == Binding(Control(CONTROL, 22, 9), "similarity", Knob(0.2, 0.8))
    (binding,) = bound(bpm={"cc": 1, "relative": "sign"})
    assert binding.way == Encoder(Knob(*RANGES["bpm"]), Relative.SIGN)


def test_a_range_that_reaches_nothing_is_gone_through_by_equal_steps() -> None:
    (binding,) = bound(velocity={"cc": 3, "low": -20, "high": 20})
    assert binding.way == Knob(-20, 20, Curve.LINEAR)


def test_a_control_with_a_motor_or_lamps_follows() -> None:
    found = bound(temperature={"cc": 21, "follows": True}, mute={"note": "C2", "follows": True}, panic={"note": 37})
    assert [binding.follows for binding in found] == [True, True, False]


def test_what_is_pressed_sets_a_value_or_does_something() -> None:
    assert bound(style={"program": 3, "value": "folk"}, mute=[{"note": "C2"}, {"cc": 67}]) == (
        Binding(Control(PROGRAM, 2), "style", Fixed("folk")),
        Binding(Control(NOTE_ON, 36), "mute", Command()),
        Binding(Control(CONTROL, 67), "mute", Command()),
    )


@pytest.mark.parametrize("name", NUMBERS)
def test_the_usual_range_of_a_number_is_one_that_it_may_have(name: str) -> None:
    option = LIVE[name]
    knob = default_knob(option)
    assert knob is not None
    assert knob.low < knob.high
    assert option.kind.check(knob.low if not knob.whole else int(knob.low)) == knob.low
    assert option.kind.check(knob.high if not knob.whole else int(knob.high)) == knob.high
    assert knob.curve is Curve.LINEAR or knob.low > 0


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"temprature": {"cc": 1}}, " has no target 'temprature'; did you mean 'temperature'?"),
        ({"tempo": {"cc": 1}}, " has no target 'tempo'; did you mean 'bpm'?"),
        ({"trace": {"cc": 1}}, " has no target 'trace'; "),
        ({"temperature": 21}, ": temperature must say what it is bound to, as in temperature = { cc = 21 }, not 21"),
        ({"temperature": {"c": 1}}, ": temperature has no key 'c'; did you mean 'cc'?"),
        ({"temperature": {}}, ": temperature must be bound to one of cc, note, program"),
        ({"temperature": {"cc": 1, "note": 2}}, ": temperature must be bound to one of cc, note, program"),
        ({"temperature": {"cc": 120}}, ": temperature cc must be a whole number from 0 to 119, not 120"),
        ({"mute": {"program": 0}}, ": mute program must be a whole number from 1 to 128, not 0"),
        ({"mute": {"note": "H2"}}, ": mute note must be a key, such as C4 (the middle one), F#3 or Bb2, not 'H2'"),
        ({"mute": {"cc": 1, "channel": 17}}, ": mute channel must be a whole number from 1 to 16, not 17"),
        ({"mute": {"cc": 1, "low": 1}}, ": mute can't have low: a command takes no more than what it is bound to"),
        ({"temperature": {"note": 1}}, ": temperature needs a value, which is set when that is pressed"),
        ({"style": {"cc": 1}}, ": style needs a value, which is set when that is pressed"),
        ({"temperature": {"note": 1, "value": 9}}, ": temperature value must be from 0.05 to 4, not 9"),
        ({"bpm": {"cc": 1, "low": "auto"}}, ": bpm low must be from 20 to 400 beats a minute, not 'auto'"),
        ({"bpm": {"cc": 1, "low": 200}}, ": bpm low 200 must be less than high 200"),
        (
            {"velocity": {"cc": 1, "curve": "exponential"}},
            ": velocity curve can't be exponential where low is not above 0",
        ),
        ({"density": {"cc": 1, "follows": 1}}, ": density follows must be true or false, not 1"),
        ({"again": {"cc": 1, "follows": True}}, ": again can't follow: there is nothing to show"),
        ({"style": {"program": 1, "value": "folk", "follows": True}}, ": style can't follow: there is nothing to show"),
        ({"density": {"cc": 1, "curve": "bent"}}, ": density curve must be one of linear, exponential, not 'bent'"),
    ],
)
def test_a_mistake_is_one_line(tables: dict[str, object], says: str) -> None:
    assert complaint(**tables).startswith(says)


@given(st.dictionaries(st.sampled_from([*LIVE, *COMMANDS]), TABLES | st.lists(TABLES, max_size=3), max_size=4))
def test_whatever_stands_there_is_bound_as_written_or_refused_in_a_line(tables: dict[str, object]) -> None:
    try:
        found = bindings_from(tables, LIVE)
    except ValueError as error:
        event(str(error)[:20])
        return
    again = {target: [table_of(binding) for binding in several] for target, several in found.items()}
    assert bindings_from(again, LIVE) == found


def test_a_profile_says_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        "[controls]\ntemperature = { cc = 21 }\nmute = { cc = 64 }\n"
        "[profile.pads.controls]\nmute = { note = 36, channel = 10 }\n"
    )
    base = choose(RunOptions, Told({"config": str(path)}, {})).options
    pads = choose(RunOptions, Told({"config": str(path), "profile": "pads"}, {})).options
    assert [binding.control for binding in base.controls] == [Control(CONTROL, 21), Control(CONTROL, 64)]
    assert [binding.control for binding in pads.controls] == [Control(CONTROL, 21), Control(NOTE_ON, 36, 9)]
    renewal = renew(base, pads)
    assert renewal.options.controls == pads.controls
    assert renewal.line == "settings read again: 2 controls bound at once"


def test_a_mistake_tells_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for written, says in (
        ("controls = 3\n", "[controls] must be a table, as in temperature = { cc = 21 }"),
        ("[profile.jazz.controls]\nmood = { cc = 1 }\n", "[profile.jazz.controls] has no target 'mood'; "),
    ):
        path.write_text(written)
        with pytest.raises(UserError) as caught:
            choose(RunOptions, Told({"config": str(path)}, {}))
        assert str(caught.value).startswith(f"{path}: {says}")


@given(st.dictionaries(st.sampled_from([*LIVE, *COMMANDS]), TABLES | st.lists(TABLES, max_size=3), max_size=4))
def test_what_is_listed_is_bound_as_it_is(tables: dict[str, object]) -> None:
    try:
        bindings = bound(**tables)
    except ValueError as error:
        event(str(error)[:20])
        return
    origins = {option.field: Origin(Source.DEFAULT, "default") for option in options_of(RunOptions)}
    options = RunOptions(controls=bindings)
    chosen = Chosen(options, origins, Path("c.toml"), there=False, profile="", told=Told({}, {}))
    found = tomllib.loads(text.listing(chosen)).get("controls", {})
    assert bound(**found) == bindings
    assert bound(**text.as_json(chosen)["controls"]) == bindings
