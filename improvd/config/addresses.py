"""Where others are reached by UDP: "9000", "piano.local:9000", "[::1]:9000", or several of these in a text."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from improvd.config.kinds import Value, Written, as_text, shown

HERE = "127.0.0.1"
"""The host of an address that names none: this machine, and nobody else's."""
LAST_PORT = 65535
_WRITTEN = re.compile(r"(?:(\[[0-9A-Fa-f:.]{2,64}(?:%\w{1,32})?\]|[^\s:,\[\]]{1,253}):)?(\d{1,5})", re.ASCII)


class Address(NamedTuple):
    """A host, by name or number, and a port of it."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Addresses(Written):
    """One address, or with ``several`` any number of them with commas between; an empty text stands for none."""

    several: bool = False

    @property
    def metavar(self) -> str:
        """How one looks."""
        return "'[HOST:]PORT, …'" if self.several else "[HOST:]PORT"

    def check(self, value: object) -> Value:
        """The same with its host and usual spaces; in a file a port may be a number."""
        found = None
        with suppress(ValueError):
            if (text := as_text(value)) or value == "":
                found = addresses_in(text)
        if found is None or (len(found) > 1 and not self.several):
            what = "addresses, such as 9001 or '9001, 192.168.1.5:9000'" if self.several else "an address"
            example = "" if self.several else ", such as 9000 or 0.0.0.0:9000"
            raise ValueError(f"must be {what}{example}, not {shown(value)}")
        return ", ".join(map(str, found))


def addresses_in(text: str) -> tuple[Address, ...]:
    """The addresses that a text names. ValueError where it is none."""
    if not text.strip():
        return ()
    return tuple(_address(one.strip()) for one in text.split(","))


def _address(text: str) -> Address:
    written = _WRITTEN.fullmatch(text)
    if written is None or not 1 <= int(written[2]) <= LAST_PORT:
        raise ValueError("is no address")
    return Address((written[1] or HERE).strip("[]"), int(written[2]))
