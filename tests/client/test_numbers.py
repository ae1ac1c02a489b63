"""The numbers that decide how long, how often and how much; a test at their scale would take minutes."""

from __future__ import annotations

from importlib import import_module

import pytest

NUMBERS: dict[str, dict[str, float]] = {
    "aws": {"CONNECT_TIMEOUT": 3, "READ_TIMEOUT": 5},
    "aio": {"COMPUTING_THREADS": 4},
    "assume_role": {"DURATION": 3600},
    "cache": {"PAUSE": 10},
    "connections": {"SWEEPS_PER_AGE": 10},
    "fetch": {"MAX_BODY": 524_288},
    "instant": {"SLACK": 1},
    "issuer_keys": {"GOOD_FOR": 300, "REFRESH_AFTER": 150, "PAUSE": 30, "FIRST_PAUSE": 5, "FETCH_TIMEOUT": 5},
    "lanes": {"CALLS": 128, "CALLS_OF_ONE_TENANT": 16, "IDLE": 10},
    "limits": {"MAX_MESSAGES": 4_294_967_296, "MAX_TIMEOUT": 900, "MAX_AGE": 3600},
    "message": {"STEP": 1_048_576},
    "printable": {"MAX_SHOWN": 300},
    "reencrypt.dynamodb": {"ATTEMPTS": 5, "MAX_SEGMENTS": 1_000_000},
    "reencrypt.job": {"MAX_FAILURES": 1_000, "IN_A_ROW": 10},
    "reencrypt.s3": {"ATTEMPTS": 5},
    "reencrypt.s3_checkpoint": {"LEASE": 900},
    "retry": {"FIRST_PAUSE": 0.5, "LONGEST_PAUSE": 5},
    "s3": {"MEBIBYTE": 1_048_576, "ROOM": 1.01},
    "s3_parts": {"PART": 8_388_608, "MAX_PARTS": 10_000},
    "sdk": {"FRAME": 65_536, "MAX_DATA_KEYS": 1},
    "settings": {"LONGEST_GRACE": 86_400},
    "tenant_session": {"RENEW_BEFORE": 300, "SPREAD": 300, "RETRY_RENEWAL": 30},
    "token": {"LEEWAY": 5, "MAX_LIFE": 86_400},
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_module_has_these_numbers(name: str) -> None:
    module = import_module(f"tenant_keys.client.{name}")
    assert {number: getattr(module, number) for number in NUMBERS[name]} == NUMBERS[name]
