from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.daemon.portnames import choose, device, find, stable
from improvd.errors import MidiError

ALSA = [
    "Midi Through:Midi Through Port-0 14:0",
    "nanoKEY2:nanoKEY2 nanoKEY2 _ KEYBOARD 20:0",
    "Synth:Port 1 24:0",
    "Synth:Port 10 24:1",
    "Piano:Keys 28:0",
]

plain = st.text(st.characters(codec="ascii", exclude_characters=":"), min_size=1, max_size=12)
port = st.builds("{}:{} {}:{}".format, plain, plain, st.integers(14, 200), st.integers(0, 15))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ("Synth:Port 1 24:0", 2),
        ("Synth:Port 1", 2),
        ("Port 1", 2),
        ("port 1", 2),
        ("Port 10", 3),
        ("nanokey", 1),
        ("KEYBOARD", 1),
        ("Piano", 4),
        ("through", 0),
        ("24:1", 3),
    ],
)
def test_a_name_or_a_unique_part_finds_its_port(wanted: str, index: int) -> None:
    assert choose(ALSA, wanted, "input") == index


def test_a_part_of_several_names_lists_them() -> None:
    with pytest.raises(MidiError, match=r"any of these MIDI inputs: 'Synth:Port 1 24:0', 'Synth:Port 10 24:1'"):
        choose(ALSA, "Synth", "input")


def test_two_devices_of_one_name_are_told_apart_by_number_only() -> None:
    twins = ["Keys:Keys 20:0", "Keys:Keys 24:0"]
    with pytest.raises(MidiError, match="any of these"):
        choose(twins, "Keys:Keys", "input")
    assert choose(twins, "Keys:Keys 24:0", "input") == 1


def test_a_port_under_another_number_is_known_by_the_rest_of_its_name() -> None:
    assert choose(ALSA, "Synth:Port 10 131:1", "output") == 3
    a2j = ["a2j:Piano [20] (capture): Keys", "a2j:Organ [24] (capture): Keys"]
    assert choose(a2j, "a2j:Piano [28] (capture): Keys", "input") == 0


def test_what_was_there_before_is_known_by_its_name_whatever_else_fits_by_now() -> None:
    names = ["nanoKEY2:more keys 20:0", "nanoKEY2:keys 24:0"]
    with pytest.raises(MidiError, match="any of these"):
        find(names, "nanokey", "", "input")
    assert find(names, "nanokey", "nanoKEY2:keys 20:0", "input") == 1
    assert find(names[:1], "nanokey", "nanoKEY2:keys 20:0", "input") == 0


def test_a_slip_of_the_finger_is_guessed() -> None:
    with pytest.raises(MidiError, match=r"named 'Paino'; did you mean 'Piano:Keys'\? there are: 'Midi Through"):
        choose(ALSA, "Paino", "input")


def test_where_there_is_no_port_at_all_it_says_so() -> None:
    with pytest.raises(MidiError, match="there is none at all"):
        choose([], "Piano", "output")


@given(st.lists(port, min_size=1, max_size=8, unique=True), st.data())
def test_a_full_name_always_finds_its_own_port(names: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(names) - 1))
    assert choose(names, names[index], "input") == index


@given(st.lists(port, min_size=1, max_size=8, unique_by=stable), st.data())
def test_other_numbers_change_nothing(names: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(names) - 1))
    renumbered = [f"{stable(name)} {128 + place}:0" for place, name in enumerate(names)]
    assert choose(renumbered, stable(names[index]), "input") == index


@given(st.lists(port, max_size=8), st.text(min_size=1))
def test_what_is_chosen_holds_what_was_asked_for(names: list[str], wanted: str) -> None:
    with suppress(MidiError):
        assert wanted.casefold() in names[choose(names, wanted, "input")].casefold()


def test_the_device_is_what_stands_before_the_colon() -> None:
    assert device("Piano:Keys 28:0") == device("Piano:Synth 28:1") == "Piano"
    assert device("CoreMIDI names have none") == "CoreMIDI names have none"


def test_ports_of_a_bridge_may_be_anybodys() -> None:
    assert device("system:midi_capture_1") == device("a2j:Piano [20] (capture): Keys") == ""
