"""Whether OSC can be tried at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from improvd.config.options import RunOptions
from improvd.daemon import osc
from improvd.errors import UserError


@pytest.mark.needs("pythonosc")
def test_the_process_can_be_started() -> None:
    command = [sys.executable, "-c", "import improvd.osc.process"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_without_python_osc_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc, "find_spec", lambda _name: None)
    assert osc.open_osc(RunOptions()) is None
    with pytest.raises(UserError, match=r"^OSC needs python-osc: pip install 'improvd\[osc\]'$"):
        osc.open_osc(RunOptions(osc_in="127.0.0.1:9000"))
