from __future__ import annotations

import pytest

from improvd.config.musical import Channels, KeyName, KeyRange, Named, PerAttribute, PitchName

KEY, EACH = KeyName("auto"), PerAttribute(0.05, 4)


@pytest.mark.parametrize(("given", "value"), [("auto", ""), ("", ""), ("f# MINOR", "F#m"), ("Cb", "B"), ("dm", "Dm")])
def test_a_key_has_one_name(given: str, value: str) -> None:
    assert KEY.check(given) == KEY.parse(given) == value
    assert KEY.check(KEY.plain(value)) == value


@pytest.mark.parametrize("given", ["H", 3, None, "D dorian", ["C"]])
def test_what_is_no_key_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"^must be a key, such as Dm, .* or 'auto', not "):
        KEY.check(given)


@pytest.mark.parametrize("kind", [KEY, PitchName("auto"), KeyRange("auto"), Channels("auto")])
@pytest.mark.parametrize("given", [None, [], {}, True, 5.5, " ", "none", -1])
def test_what_music_has_no_name_for_is_refused(kind: Named, given: object) -> None:
    with pytest.raises(ValueError, match=r"^must be .*, such as .*, or 'auto', not "):
        kind.check(given)


def test_numbers_by_attribute_have_one_form() -> None:
    assert EACH.parse("velocity=2 , pitch 0.80") == "pitch 0.8, velocity 2"
    assert EACH.check("") == ""


@pytest.mark.parametrize("given", ["pitch 5", "pitch nan", "pitch", "swing 1", 0.8, None, "pitch 0.01"])
def test_others_are_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"^must "):
        EACH.check(given)
