"""All checks in their order."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from improvd import __version__
from improvd.doctor import link, machine, midi, setup
from improvd.doctor.finding import Finding, Grade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from improvd.config.layers import Told


def examine(told: Told) -> Iterator[Finding]:
    """Look at everything that `improvd run` would use. Takes some seconds; nothing sounds, nothing is changed."""
    yield Finding("improvd", Grade.GOOD, f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    finding, chosen = setup.configuration(told)
    yield finding
    if chosen is not None:
        yield from midi.findings(chosen.options)
        yield from link.findings(chosen.options)
    yield from machine.findings()
    if chosen is not None:
        yield setup.model(chosen.options.model)
    yield from setup.services(told.environment)
