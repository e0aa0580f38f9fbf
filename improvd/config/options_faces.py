"""The options of what players meet improvd by, beside MIDI: the page in a browser, OSC."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  a dataclass's annotations are for everyone

from improvd.config.addresses import Addresses
from improvd.config.kinds import File, Number, Switch, Text
from improvd.config.option import Group, described
from improvd.config.systems import AUTO


@dataclass(frozen=True, kw_only=True, repr=False)
class PageOptions:
    """Where the page is, and who may see it."""

    page: bool = described(True, Switch(), "Show a page for the browser: to see, to steer, to play.", group=Group.PAGE)
    page_host: str = described(
        "127.0.0.1",
        Text("ADDRESS"),
        "Where the page is: 127.0.0.1 is for this machine alone, 0.0.0.0 for the whole network, by a token.",
        group=Group.PAGE,
    )
    page_port: int | None = described(
        None,
        Number(1, 65535, whole=True, word=AUTO),
        "The page's port; auto: the first free one from 8420 on.",
        group=Group.PAGE,
    )
    page_token: str = described(
        "",
        Text("WORD"),
        "What a browser must know; without one: nothing on this machine, a new one each time for the network.",
        group=Group.PAGE,
    )
    cert: Path | None = described(
        None, File(), "A certificate: the page over TLS, so that browsers elsewhere allow it MIDI.", group=Group.PAGE
    )
    cert_key: Path | None = described(
        None, File(), "The certificate's key, where it isn't in the same file.", group=Group.PAGE
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class OscOptions:
    """Who is listened to and told by OSC."""

    osc_in: str = described(
        "",
        Addresses(),
        "Where OSC is heard, by UDP: a port is for this machine alone, 0.0.0.0:9000 for the whole network.",
        group=Group.OSC,
    )
    osc_out: str = described(
        "",
        Addresses(several=True),
        "Who is told by OSC what goes on: state, beats, tempo, key, notes, and each option as it changes.",
        group=Group.OSC,
    )
