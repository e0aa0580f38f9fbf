"""The doctor asks after services too."""

from __future__ import annotations

from tests.service.conftest import systemd

__all__ = ["systemd"]
