"""Damage to bytes, as disks, editors and enemies do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

TELLING = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x00",
    b"\x80\x80\x80\x80",
    b"-1",
    b"1e999",
)
"""What parsers stumble over."""
MOST_EDITS = 6


def mutated(data: bytes, rng: Random) -> bytes:
    """``data`` with some edits at random places: bytes changed, put in, taken out, said twice, or cut off."""
    damaged = bytearray(data)
    for _ in range(rng.randint(1, MOST_EDITS)):
        at = rng.randint(0, len(damaged))
        end = min(len(damaged), at + rng.choice((1, 2, 4, 16, 256)))
        edit = rng.randint(0, 6)
        if edit == 0:
            damaged[at:end] = bytes(rng.randint(0, 255) for _ in range(end - at))
        elif edit == 1:
            telling = rng.choice(TELLING)
            damaged[at : at + len(telling)] = telling
        elif edit == 2:
            damaged[at:at] = rng.choice(TELLING) * rng.choice((1, 3, 100))
        elif edit == 3:
            del damaged[at:end]
        elif edit == 4:
            damaged[at:at] = damaged[at:end]
        elif edit == 5:
            other = rng.randint(0, len(damaged))
            damaged[at:end] = damaged[other : other + end - at]
        elif rng.randint(0, 3) == 0:
            del damaged[at:]
    return bytes(damaged)
