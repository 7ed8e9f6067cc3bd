"""No token, secret or public invoice link ever reaches a log."""

from __future__ import annotations

import json
import logging
import string
import sys
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kommo_invoice import redact
from kommo_invoice.redact import RedactFilter, mask, remember_secret

OPAQUE = st.text(string.ascii_letters + string.digits + "-_", min_size=20, max_size=60).filter(
    lambda text: any(map(str.isdigit, text)) and text.strip("-_") == text
)
PLACES = [
    "Authorization: Bearer {}",
    "authorization={}",
    "{{'Authorization': 'Bearer {}'}}",
    '{{"access_token": "{}", "expires_in": 86400}}',
    '{{"refresh_token":"{}"}}',
    r'"{{\"refresh_token\":\"{}\"}}"',
    "client_secret={}&grant_type=refresh_token",
    "/oauth2/callback?code={}&state=x",
    '{{"code": "{}"}}',
    "apiKey: {}",
    "https://next.waveapps.com/invoice/{}/",
    "see https://www.zohosecurepay.com/invoice/acme/secure?CInvoiceID=2-{}.",
    "https://in.xero.com/{}",
    "https://my.freshbooks.com/#/link/{}",
    "eyJ0eXAiOiJKV1QifQ.eyJ{}.{}",
]


@given(secret=OPAQUE, place=st.sampled_from(PLACES), around=st.text(max_size=20))
def test_a_planted_secret_is_masked_wherever_it_stands(
    secret: str, place: str, around: str
) -> None:
    assume(secret not in around)
    text = f"{around} {place.format(secret, secret)} {around}"
    assert secret not in mask(text)


@given(secret=st.text(min_size=8, max_size=40).filter(lambda text: len(text.strip("*")) >= 8))
def test_a_remembered_secret_is_masked_as_it_is_in_urls_and_in_json(secret: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redact, "_secrets", set())
        patch.setattr(redact, "_exact", [])
        remember_secret(secret)
        for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
            assert spelling not in mask(f"a {spelling} b")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (
            "https://next.waveapps.com/b1/public/invoices/0d1c2b3a-aaaa-bbbb-cccc-0123456789ab/pay",
            "https://next.waveapps.com/b1/…",
        ),
        ("https://in.xero.com/cXpKVaQ0123456789abcdefgh", "https://in.xero.com/…"),
        ("https://user:pw@acme.kommo.com/leads", "https://acme.kommo.com/leads/…"),
        ("Bearer abcdef.ghijkl failed", "Bearer *** failed"),
        ('"token": "xyzzy-xyzzy", "id": 5', '"token": "***", "id": 5'),
    ],
)
def test_what_stays_of_a_masked_text(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "kommo GET /api/v4/leads/12345678?with=contacts&page=2: 200, 35 ms, request id r-1",
        "https://acme.kommo.com/leads/detail/12345678",
        "see https://support.example.com/how-to-connect-an-account-with-a-token",
        '{"extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}, "countryCode": "DE"}',
        "Invoice KQ4-12345678-2611~2 of 1190.00 EUR to jane.doe+billing@example.com",
        "kommo does not accept the token; set KINV_KOMMO_TOKEN to a valid long-lived token",
    ],
)
def test_plain_text_stays_readable(text: str) -> None:
    assert mask(text) == text


def filtered(record: logging.LogRecord) -> str:
    assert RedactFilter().filter(record)
    return logging.Formatter().format(record)


def record(message: str, *args: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, __file__, 1, message, args, exc_info)  # type: ignore[arg-type]


def test_the_filter_masks_message_arguments_traceback_and_stack() -> None:
    try:
        int("token=xyzzy-xyzzy-1")
    except ValueError:
        full = record("sent %s as %d", "Bearer xyzzy-xyzzy-2", 7, exc_info=sys.exc_info())
    full.stack_info = "in call(secret='xyzzy-xyzzy-3')"
    text = filtered(full)
    assert "xyzzy" not in text
    assert text.startswith("sent Bearer *** as 7\nTraceback (most recent call last)")
    assert "base 10: 'token=***'" in text


def test_a_second_handler_sees_the_same_masked_text() -> None:
    it = record("100%% of token=%s", "xyzzy-xyzzy")
    assert filtered(it) == filtered(it) == "100% of token=***"


def test_a_wrong_format_string_leaks_nothing() -> None:
    assert filtered(record("no place for it", "xyzzy-xyzzy")) == "no place for it"


def test_short_values_are_not_remembered() -> None:
    remember_secret("kommo")
    assert mask("kommo") == "kommo"
