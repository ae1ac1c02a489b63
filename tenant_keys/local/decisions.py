"""The log of decisions: one JSON object a line, much as CloudTrail would show the same request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from tenant_keys.local.caller import Caller
from tenant_keys.local.cloudtrail import CloudTrail
from tenant_keys.local.fault import Fault
from tenant_keys.review.iam import Decision

_RECORDED = ("kms.amazonaws.com", "sts.amazonaws.com")
Context = Mapping[str, str | tuple[str, ...]]


class Record:
    """What was decided for one request: most ask once, ReEncrypt and the alias operations ask several times."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.parameters: Mapping[str, Any] = {}
        """Of the request, as its protocol names them."""
        self.answer: Mapping[str, Any] = {}

    def add(
        self, action: str, resource: str, alias: str | None, context: Context, decision: Decision | None, why: str = ""
    ) -> None:
        """Keep a decision; None where the evaluator could not say, which denies."""
        deciders = decision.deciders if decision else ()
        self.entries.append(
            {
                "action": action,
                "resource": resource,
                "alias": alias,
                "context": {name: list(v) if isinstance(v, tuple) else v for name, v in sorted(context.items())},
                "outcome": decision.outcome.value if decision else "IMPLICIT_DENY",
                "decided_by": [
                    {"policy": decider.policy, "kind": decider.kind, "sid": decider.sid} for decider in deciders
                ],
                "reason": decision.reason if decision else why,
            }
        )


class Decisions:
    """Appends to a file; each line is complete when the request is answered. The trail gets those to KMS and STS."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] = path.open("a", encoding="utf-8")
        self.trail: CloudTrail | None = None

    @contextmanager
    def record(
        self, source: str, operation: str, caller: Caller | None, region: str, request_id: str
    ) -> Iterator[Record]:
        """Collect what is decided within, then write it with the error that the caller got, if any."""
        record = Record()
        error: Fault | None = None
        try:
            yield record
        except Fault as fault:
            error = fault
            raise
        finally:
            self._write(record, source, operation, caller, region, request_id, error)
            if self.trail is not None and source in _RECORDED:
                self.trail.write(
                    source=source,
                    operation=operation,
                    caller=caller,
                    region=region,
                    request_id=request_id,
                    parameters=record.parameters,
                    answer=record.answer,
                    resources=list(dict.fromkeys(entry["resource"] for entry in record.entries)),
                    fault=error,
                )

    def _write(
        self,
        record: Record,
        source: str,
        operation: str,
        caller: Caller | None,
        region: str,
        request_id: str,
        error: Fault | None,
    ) -> None:
        head = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": request_id,
            "source": source,
            "operation": operation,
            "region": region,
            "who": caller.arn if caller else None,
            "role": caller.role_arn if caller else None,
            "account": caller.account if caller else None,
            "tags": dict(caller.tags) if caller else {},
            "via": caller.via_service if caller else None,
        }
        tail = {"error": error.code if error else None, "message": error.message if error else None}
        not_decided: dict[str, Any] = {
            "action": None,
            "resource": None,
            "alias": None,
            "context": {},
            "outcome": "NOT_DECIDED",
            "decided_by": [],
            "reason": "refused before any policy was asked",
        }
        entries = record.entries or ([not_decided] if error else [])
        for entry in entries:
            self._file.write(json.dumps({**head, **entry, **tail}) + "\n")
        self._file.flush()

    def clear(self) -> None:
        self._file.close()
        self._file = self._path.open("w", encoding="utf-8")
