"""Who may come in."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improvd.page.gate import Gate

OPEN = Gate((), "", secure=False)
CLOSED = Gate(("piano", "piano.local"), "sesame", secure=False)
TLS = Gate((), "", secure=True)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8420", "localhost:8420", "LOCALHOST", "[::1]:8420", "192.168.1.5:8420", "127.0.0.1"]
)
def test_a_machine_may_be_called_by_what_nobody_can_take_over(host: str) -> None:
    assert OPEN.refuses("/", {"Host": host}, is_socket=False) is None


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:8420", "localhost.evil.example", "[::1", "piano"])
def test_a_foreign_name_is_refused_so_that_dns_can_lead_nobody_here(host: str) -> None:
    refused = OPEN.refuses("/", {"Host": host}, is_socket=False)
    assert refused
    assert refused.status is HTTPStatus.MISDIRECTED_REQUEST


def test_a_machine_has_its_own_name_where_others_reach_it() -> None:
    assert CLOSED.refuses("/?token=sesame", {"Host": "piano.local:8420"}, is_socket=False) is None


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1:8420", "http://127.0.0.1:9999", "127.0.0.1:8420"]
)
def test_only_the_page_itself_may_open_a_socket(origin: str | None) -> None:
    headers = {"Host": "127.0.0.1:8420"} | ({} if origin is None else {"Origin": origin})
    refused = OPEN.refuses("/ws", headers, is_socket=True)
    assert refused
    assert refused.status is HTTPStatus.FORBIDDEN
    assert OPEN.refuses("/ws", headers | {"Origin": "http://127.0.0.1:8420"}, is_socket=True) is None


def test_over_tls_the_origin_is_too() -> None:
    headers = {"Host": "127.0.0.1:8420", "Origin": "https://127.0.0.1:8420"}
    assert TLS.refuses("/ws", headers, is_socket=True) is None
    assert TLS.cookie().endswith("; Secure")


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("/?token=sesame", {}),
        ("/", {"Cookie": "other=1; improvd=sesame"}),
        ("/metrics", {"Authorization": "Bearer sesame"}),
    ],
)
def test_the_token_may_come_in_the_address_a_cookie_or_a_header(target: str, more: dict[str, str]) -> None:
    assert CLOSED.refuses(target, {"Host": "10.0.0.2:8420", **more}, is_socket=False) is None


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("/", {}),
        ("/?token=", {}),
        ("/?token=Sesame", {}),
        ("/?token=sésame", {}),
        ("/", {"Cookie": "improvd=wrong"}),
        ("/", {"Cookie": 'improvd="'}),
        ("/", {"Authorization": "Basic sesame"}),
    ],
)
def test_without_the_token_nothing_is_told(target: str, more: dict[str, str]) -> None:
    refused = CLOSED.refuses(target, {"Host": "10.0.0.2:8420", **more}, is_socket=False)
    assert refused
    assert refused.status is HTTPStatus.UNAUTHORIZED


def test_what_a_browser_trusts_is_this_machine_and_tls() -> None:
    assert OPEN.is_trustworthy(["127.0.0.1:8420"])
    assert OPEN.is_trustworthy(["[::1]:8420"])
    assert TLS.is_trustworthy(["192.168.1.5:8420"])
    assert not OPEN.is_trustworthy(["192.168.1.5:8420"])
    assert not OPEN.is_trustworthy(["127.0.0.1:8420", "127.0.0.1:8420"])
    assert not OPEN.is_trustworthy([])


def test_where_no_token_is_asked_an_empty_one_is_no_knowledge() -> None:
    assert not OPEN.knows_token("/?token=")


@given(st.text(), st.dictionaries(st.sampled_from(["Host", "Origin", "Cookie", "Authorization"]), st.text()))
def test_no_request_can_break_the_gate(target: str, headers: dict[str, str]) -> None:
    assert CLOSED.refuses(target, headers, is_socket=True) is not None
