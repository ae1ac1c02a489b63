"""Lanes over an AWS that is made up: pages, throttling, refusals, an interruption and what is read again after it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tenant_keys.operations.verify.journal import Ask, Journal, RecordUnusable, lines_of
from tenant_keys.operations.verify.lanes import ATTEMPTS, Lanes
from tenant_keys.operations.verify.sessions import Unreachable

NOW = datetime.now(UTC)
"""The lanes note the time of each page: a run that is resumed at another takes them for old."""
REGION, ACCOUNT = "eu-west-1", "111111111111"
LIST = Ask(ACCOUNT, REGION, "kms:ListKeys")


def refusal(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "operation")


class Kms:
    """Answers pages of keys, and whatever `act` says on each call."""

    def __init__(self, pages: int = 1, act: Callable[[int], None] | None = None) -> None:
        self.pages = pages
        self.act = act or (lambda _: None)
        self.made: Counter[str] = Counter()

    def __call__(self, account: str, region: str, service: str) -> Any:
        return self

    def list_keys(self, Limit: int, Marker: str = "0") -> dict[str, Any]:
        self.made[f"page {Marker}"] += 1
        self.act(sum(self.made.values()))
        page = int(Marker)
        more = {"NextMarker": str(page + 1), "Truncated": True} if page + 1 < self.pages else {}
        return {"Keys": [{"KeyId": f"key-{page}"}], **more}

    def describe_key(self, KeyId: str) -> dict[str, Any]:
        self.made[KeyId] += 1
        self.act(sum(self.made.values()))
        return {"KeyMetadata": {"KeyId": KeyId, "CreationDate": NOW}}

    def get_key_policy(self, KeyId: str, PolicyName: str) -> dict[str, Any]:
        raise refusal("NotFoundException")


def journal(path: Path, *, resume: bool = False, now: datetime | None = None, of: str = "estate") -> Journal:
    return Journal(path, of, now or datetime.now(UTC), resume=resume)


def lanes(kms: Any, written: Journal) -> Lanes:
    return Lanes(kms, written, share=1.0)


def test_every_page_is_read_and_written_down_as_it_comes(tmp_path: Path) -> None:
    written = journal(tmp_path / "run.jsonl")
    lanes(Kms(pages=3), written).read([(LIST, {})])
    assert [one["KeyId"] for one in written.readings[LIST].items] == ["key-0", "key-1", "key-2"]
    lines = [json.loads(line) for line in written.partial.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["run", "page", "page", "page"]
    assert not (tmp_path / "run.jsonl").exists()
    assert written.partial.stat().st_mode & 0o777 == 0o600


def test_progress_shows_the_lane_how_much_is_done_and_how_long_the_rest_takes(tmp_path: Path) -> None:
    reported: list[tuple[str, int, int, float]] = []
    reader = Lanes(Kms(), journal(tmp_path / "run.jsonl"), share=1.0, progress=lambda *one: reported.append(one))
    reader.read([(Ask(ACCOUNT, REGION, "kms:DescribeKey", f"k{n}"), {"KeyId": f"k{n}"}) for n in range(10)])
    assert sorted((ended, planned) for _, ended, planned, _ in reported) == [(n, 10) for n in range(1, 11)]
    assert {lane for lane, *_ in reported} == {"DescribeKey 111111111111 eu-west-1"}
    assert {round(left * 2000) for _, _, _, left in reported} == set(range(10))


def test_throttling_is_waited_for_and_counted(tmp_path: Path) -> None:
    def throttle(call: int) -> None:
        if call < 3:
            raise refusal("ThrottlingException")

    written = journal(tmp_path / "run.jsonl")
    reader = lanes(Kms(act=throttle), written)
    reader.read([(LIST, {})])
    assert written.readings[LIST].complete
    assert reader.calls == {"kms:ListKeys": 3}


@pytest.mark.parametrize("problem", [refusal("InternalError", 500), EndpointConnectionError(endpoint_url="https://x")])
def test_what_never_answers_is_given_up_by_name(tmp_path: Path, problem: Exception, monkeypatch: Any) -> None:
    monkeypatch.setattr("tenant_keys.operations.verify.lanes.Pace", lambda _: Quick())

    def fail(_: int) -> None:
        raise problem

    written = journal(tmp_path / "run.jsonl")
    kms = Kms(act=fail)
    lanes(kms, written).read([(LIST, {})])
    assert "given up after 8 attempts" in written.readings[LIST].error
    assert sum(kms.made.values()) == ATTEMPTS


class Quick:
    """A pace without waiting."""

    rate = 1000.0

    def reserve(self, now: float) -> float:
        return now

    def throttled(self, now: float) -> None: ...

    def succeeded(self) -> None: ...


def test_a_refusal_is_no_answer_and_absence_is_one(tmp_path: Path) -> None:
    def deny(_: int) -> None:
        raise refusal("AccessDeniedException")

    written = journal(tmp_path / "run.jsonl")
    shared = Ask(ACCOUNT, REGION, "kms:GetKeyPolicy", "key AWS_RAM")
    lanes(Kms(act=deny), written).read([(LIST, {}), (shared, {"KeyId": "key", "PolicyName": "AWS_RAM"})])
    assert "AccessDeniedException" in written.readings[LIST].error
    assert written.readings[shared].absent
    assert not written.readings[shared].error


def test_an_account_without_a_session_is_reported_for_each_question(tmp_path: Path) -> None:
    def nobody(*_: str) -> Any:
        raise Unreachable("no session of arn:aws:iam::111111111111:role/SecurityAudit")

    written = journal(tmp_path / "run.jsonl")
    lanes(nobody, written).read([(LIST, {})])
    assert written.readings[LIST].error.startswith("no session of")


def interrupted(tmp_path: Path, at: int) -> tuple[Kms, list[tuple[Ask, dict[str, Any]]]]:
    """A run over five pages and forty keys that ends at a call."""

    def end(call: int) -> None:
        if call == at:
            raise KeyboardInterrupt

    asks: list[tuple[Ask, dict[str, Any]]] = [(LIST, {})]
    asks += [(Ask(ACCOUNT, REGION, "kms:DescribeKey", f"k{n}"), {"KeyId": f"k{n}"}) for n in range(40)]
    kms, written = Kms(pages=5, act=end), journal(tmp_path / "run.jsonl")
    with pytest.raises(KeyboardInterrupt):
        lanes(kms, written).read(asks)
    written.close()
    return kms, asks


@pytest.mark.parametrize("at", [1, 3, 20, 44])
def test_a_run_that_is_resumed_repeats_no_page_that_was_answered(tmp_path: Path, at: int) -> None:
    kms, asks = interrupted(tmp_path, at)
    kms.act = lambda _: None
    again = journal(tmp_path / "run.jsonl", resume=True)
    lanes(kms, again).read(asks)
    assert all(again.readings[ask].complete for ask, _ in asks)
    assert len(again.readings[LIST].items) == 5
    # The one call that was interrupted had no answer; of the others under way then each has one.
    assert sum(kms.made.values()) == 45 + 1
    assert max(kms.made.values()) <= 2


def test_a_line_that_was_cut_off_is_read_again(tmp_path: Path) -> None:
    written = journal(tmp_path / "run.jsonl")
    lanes(Kms(pages=2), written).read([(LIST, {})])
    written.close()
    whole = written.partial.read_bytes()
    written.partial.write_bytes(whole[:-20])
    again, kms = journal(tmp_path / "run.jsonl", resume=True), Kms(pages=2)
    lanes(kms, again).read([(LIST, {})])
    assert kms.made == {"page 1": 1}
    assert [one["KeyId"] for one in again.readings[LIST].items] == ["key-0", "key-1"]


def test_what_was_refused_or_is_an_hour_old_is_asked_again(tmp_path: Path) -> None:
    written = journal(tmp_path / "run.jsonl")
    written.page(LIST, NOW, {"items": [], "error": "AccessDenied", "next": None, "first": True})
    describe = Ask(ACCOUNT, REGION, "kms:DescribeKey", "k")
    written.page(describe, NOW - timedelta(minutes=61), {"items": [{}], "next": None, "first": True})
    written.close()
    assert journal(tmp_path / "run.jsonl", resume=True).readings == {}


OLD, RECENT = NOW - timedelta(minutes=61), NOW - timedelta(minutes=2)


def test_a_list_is_asked_again_whole_where_one_of_its_pages_is_an_hour_old(tmp_path: Path) -> None:
    written = journal(tmp_path / "run.jsonl", now=OLD)
    written.page(LIST, OLD, {"items": [{"KeyId": "foreign"}], "next": "token", "first": True})
    written.page(LIST, RECENT, {"items": [{"KeyId": "own"}], "next": None, "first": False})
    written.close()
    again = journal(tmp_path / "run.jsonl", resume=True)
    assert (again.readings, again.resumed) == ({}, 0)
    again.page(LIST, NOW, {"items": [{"KeyId": "foreign"}, {"KeyId": "own"}], "next": None, "first": True})
    again.close()
    third = journal(tmp_path / "run.jsonl", resume=True)
    assert [one["KeyId"] for one in third.readings[LIST].items] == ["foreign", "own"]
    assert (third.readings[LIST].complete, third.resumed) == (True, 1)


@pytest.mark.parametrize(
    "pages",
    [
        [(datetime(2099, 1, 1, tzinfo=UTC), {"items": [], "next": None, "first": True})],
        [(RECENT, {"items": [], "next": None, "first": False})],
        [(RECENT, {"items": [], "next": None, "first": True}), (RECENT, {"items": [], "next": None, "first": False})],
    ],
    ids=["from the future", "without the first page", "after the last page"],
)
def test_pages_that_do_not_follow_from_one_another_are_asked_again(tmp_path: Path, pages: Any) -> None:
    written = journal(tmp_path / "run.jsonl")
    for at, page in pages:
        written.page(LIST, at, page)
    written.close()
    assert journal(tmp_path / "run.jsonl", resume=True).readings == {}


RUN: dict[str, Any] = {"type": "run", "version": 1, "of": "estate", "at": NOW.isoformat()}
PAGE: dict[str, Any] = {
    "type": "page",
    "account": ACCOUNT,
    "region": REGION,
    "api": "kms:ListKeys",
    "subject": "",
    "at": NOW.isoformat(),
    "items": [],
    "next": None,
    "first": True,
}
BASELINE: dict[str, Any] = {"type": "baseline", "account": ACCOUNT, "stacks": [], "roles": {}, "thumbprints": {}}


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ({**PAGE, "at": "yesterday"}, "at of a page"),
        ({**PAGE, "at": "2026-11-28T12:00:00"}, "at of a page"),
        ({**PAGE, "items": 5}, "items of a page"),
        ({**PAGE, "next": 5}, "next of a page"),
        ({**PAGE, "subject": []}, "subject of a page"),
        ({name: value for name, value in PAGE.items() if name != "account"}, "account of a page"),
        ({"type": "finding"}, "id of a finding"),
        ({**BASELINE, "roles": []}, "roles of a baseline"),
        ({**BASELINE, "stacks": [1]}, "stacks of a baseline"),
        ({**BASELINE, "thumbprints": {"arn": "text"}}, "thumbprints of a baseline"),
        ({"type": ["page"]}, "type: got"),
        (RUN, "the line of type run must be the first"),
    ],
)
def test_a_damaged_line_is_named_when_a_run_is_resumed_or_compared_with(
    tmp_path: Path, line: dict[str, Any], named: str
) -> None:
    path = tmp_path / "run.jsonl"
    text = "".join(json.dumps(one) + "\n" for one in (RUN, line, {"type": "end"}))
    for file in (path, tmp_path / "run.jsonl.partial"):
        file.write_text(text)
    with pytest.raises(RecordUnusable, match=f"run.jsonl: line 2: {named}"):
        list(lines_of(path, "finding"))
    with pytest.raises(RecordUnusable, match=f"run.jsonl.partial: line 2: {named}"):
        journal(path, resume=True)
    assert (tmp_path / "run.jsonl.partial").read_text() == text


def test_the_record_of_another_version_is_not_compared_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in ({**RUN, "version": 9}, BASELINE, {"type": "end"})))
    with pytest.raises(RecordUnusable, match="line 1: version: got 9; allowed is 1"):
        list(lines_of(path, "baseline"))


def test_a_record_of_another_estate_is_not_resumed(tmp_path: Path) -> None:
    journal(tmp_path / "run.jsonl").close()
    with pytest.raises(RecordUnusable, match="another estate or assembly"):
        journal(tmp_path / "run.jsonl", resume=True, of="other")


def test_there_must_be_a_run_to_resume(tmp_path: Path) -> None:
    with pytest.raises(RecordUnusable, match=r"no such file, so there is no run to resume"):
        journal(tmp_path / "run.jsonl", resume=True)


@pytest.mark.parametrize(
    "text", ["", "no json\n", "[]\n", '{"type": "run"}\n', '{"type": "finding"}\n{"type": "end"}\n']
)
def test_only_the_record_of_a_finished_run_is_compared_with(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(text)
    with pytest.raises(RecordUnusable, match=str(path)):
        list(lines_of(path, "finding"))
