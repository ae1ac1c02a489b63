from __future__ import annotations

import json

import pytest

from tests.constructs.hook_requests import Handler, Json, hook, imported


@pytest.fixture(scope="module")
def handle() -> Handler:
    """The function of the template; `payload` is what the presigned URL names."""

    def run(event: Json, payload: Json | str) -> Json:
        index = imported(hook())
        asked = []

        def fetched(url: str) -> bytes:
            asked.append(url)
            return (payload if isinstance(payload, str) else json.dumps(payload)).encode()

        index["fetched"] = fetched
        answered: Json = index["handler"](event, None)
        assert asked in ([], ["https://s3.example/payload"])
        return answered

    return run
