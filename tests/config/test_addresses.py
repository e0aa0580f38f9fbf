"""Where others are reached by UDP, as players write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.config.addresses import Address, Addresses, addresses_in

ONE, SEVERAL = Addresses(), Addresses(several=True)


def test_a_port_alone_is_of_this_machine_and_nobody_elses() -> None:
    assert ONE.check(9000) == ONE.parse("9000") == ONE.parse(" 9000 ") == "127.0.0.1:9000"


def test_a_host_is_a_name_or_a_number_of_either_kind() -> None:
    found = addresses_in("piano.local:9000,0.0.0.0:1, [::1]:65535,[fe80::1%eth0]:7")
    assert found == (
        Address("piano.local", 9000),
        Address("0.0.0.0", 1),  # noqa: S104  nobody listens there
        Address("::1", 65535),
        Address("fe80::1%eth0", 7),
    )
    assert SEVERAL.parse(", ".join(map(str, found))) == ", ".join(map(str, found))


@pytest.mark.parametrize(
    "wrong", ["0", "65536", "piano", "piano:", ":9000", "::1:9000", "a b:9000", "9000,", "[piano]:1", "9_000", "٩"]
)
def test_what_is_none_is_refused_in_a_line(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^must be an address, such as 9000 or 0\.0\.0\.0:9000, not '"):
        ONE.parse(wrong)


def test_one_address_is_not_two() -> None:
    assert SEVERAL.parse("1,2") == "127.0.0.1:1, 127.0.0.1:2"
    with pytest.raises(ValueError, match="not '1, 2'"):
        ONE.parse("1, 2")


@given(st.text(alphabet="09:[]., a%-\n", max_size=12) | st.booleans() | st.integers() | st.floats() | st.none())
def test_whatever_stands_there_is_an_address_or_refused(anything: object) -> None:
    for kind in (ONE, SEVERAL):
        try:
            found = kind.check(anything)
        except ValueError as error:
            assert str(error).startswith("must be ")  # noqa: PT017  not every text is refused
        else:
            assert kind.check(found) == found
            assert kind.check(kind.plain(found)) == found
