"""What the browser gets, read once at the start: no request ever names a file."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import NamedTuple

TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}


class Asset(NamedTuple):
    """One file: its type, its bytes, and a tag that changes with them."""

    kind: str
    body: bytes
    tag: str


def load() -> dict[str, Asset]:
    """All assets by their path in an address, the page itself at "/" too. Reads files; called once."""
    found = {}
    for file in (resources.files(__package__) / "assets").iterdir():
        kind = TYPES.get(file.name.rpartition(".")[2])
        if kind:
            body = file.read_bytes()
            found[f"/{file.name}"] = Asset(kind, body, f'"{hashlib.sha256(body).hexdigest()[:16]}"')
    found["/"] = found["/index.html"]
    return found
