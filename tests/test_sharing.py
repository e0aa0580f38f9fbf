"""Which tests one process does alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sharing import GROUPS, group_of


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/jack/test_jack.py::test_ports_are_listed", "heard"),
        ("tests/page/test_run.py::test_what_can_not_be_is_told_in_a_line[options0-::1]", "heard"),
        ("tests/daemon/test_wire.py::test_last_words", "among processes"),
        ("tests/core/test_key.py::test_a_key", None),
        ("tests/test_sharing.py::test_a_folder", None),
    ],
)
def test_a_folder_goes_as_a_whole(nodeid: str, group: str | None) -> None:
    assert group_of(nodeid) == group


def test_there_are_such_folders() -> None:
    here = Path(__file__).parent
    assert all(list((here / folder).glob("test_*.py")) for folder in GROUPS)
