"""Kills a job with SIGKILL at its n-th step, for every n or each EACH-th, starts it again, and prints what came of it.

    python -m tests.client.killed KIND WORK FOLDER CREDENTIALS EACH

A step is the moment before and the moment after each request to DynamoDB, S3, KMS and STS, and each step of saving a
checkpoint. Each run is a forked process, so that the kill is a real one; what botocore reads from disk for its clients
is read once, before. Prints one JSON object a line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3

from tenant_keys.client import Tenant, TenantKeys, s3
from tenant_keys.client.dynamodb import decrypt_item, encrypt_item
from tenant_keys.client.place import Place
from tenant_keys.client.reencrypt import DynamoItems, S3Objects, Work, reencrypt
from tenant_keys.client.reencrypt.header import data_key_of

RECORDS = 3
OF: dict[str, Any] = {"key": ("pk",), "attributes": ("card",)}


class Steps:
    """Counts steps and dies at the n-th. A write is logged before its step, as it has happened by then."""

    def __init__(self, die_at: int, log: Path) -> None:
        self.taken, self._die_at, self._log = 0, die_at, log

    def step(self, **_: Any) -> None:
        self.taken += 1
        if self.taken == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def written(self, key: str) -> None:
        with self._log.open("a") as file:
            file.write(key + "\n")

    def watch(self, client: Any) -> None:
        keys: list[str] = []

        def before(model: Any, params: Any, **_: Any) -> None:
            if model.name == "UpdateItem":
                keys.append(json.loads(params["body"])["Key"]["pk"]["S"])
            if model.name == "PutObject":
                keys.append(params["url_path"].rpartition("/")[2])
            self.step()

        def after(model: Any, http_response: Any, **_: Any) -> None:
            if model.name in {"UpdateItem", "PutObject"} and http_response.status_code == 200:
                self.written(keys[-1])
            self.step()

        client.meta.events.register("before-call", before)
        client.meta.events.register("after-call", after)

    def watch_files(self) -> None:
        fsync, replace = os.fsync, Path.replace

        def fsync_and_step(file: int) -> None:
            self.step()
            fsync(file)
            self.step()

        def replace_and_step(path: Path, target: Path) -> Path:
            answer = replace(path, target)
            self.step()
            return answer

        os.fsync, Path.replace = fsync_and_step, replace_and_step  # type: ignore[assignment,method-assign]


class FilledStore:
    """A table or a bucket of its own, filled for the work, and what must be true at the end."""

    def __init__(self, kind: str, work: Work, secret: str) -> None:
        self.kind, self.work, self.name = kind, work, ""
        data = boto3.Session("222222222222", secret, region_name="eu-west-1")
        self.dynamodb, self.s3 = data.resource("dynamodb"), data.client("s3")
        self.session = boto3.Session(region_name="eu-west-1")
        for service in ("kms", "sts"):
            self.session.client(service)  # the session keeps what it read for it

    def tenant(self, steps: Steps | None) -> Tenant:
        keys = TenantKeys.from_environment(session=self.session)
        if steps:
            events = self.session._session.get_component("event_emitter")
            for service in ("kms", "sts"):
                events.register(f"before-call.{service}", steps.step)
                events.register(f"after-call.{service}", steps.step)
        return keys.tenant_without_token("acme")

    def fill(self) -> dict[str, str]:
        """The encrypted data key of each record, where they are encrypted already."""
        old: dict[str, str] = {}
        self.name = f"killed-{uuid4().hex[:10]}"
        tenant = self.tenant(None)
        if self.kind == "s3":
            place: Any = {"LocationConstraint": "eu-west-1"}
            self.s3.create_bucket(Bucket=self.name, CreateBucketConfiguration=place)
        else:
            self.dynamodb.create_table(
                TableName=self.name,
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        former = "former" if self.work is Work.REBIND else self.name
        for number in range(RECORDS):
            key, data = str(number), f"data {number}".encode()
            if self.kind == "s3":
                sealed = tenant.encrypt(data, name=f"s3://{former}/{key}")
                self.s3.put_object(Bucket=self.name, Key=key, Body=data if self.work is Work.ENCRYPT else sealed)
                old[key] = data_key_of(sealed).hex()
                continue
            item: dict[str, Any] = {"pk": key, "card": data.decode()}
            if self.work is not Work.ENCRYPT:
                item = encrypt_item(tenant, item, table=former, **OF)
                old[key] = data_key_of(item["card"]).hex()
            self.dynamodb.Table(self.name).put_item(Item=item)
        return {} if self.work is Work.ENCRYPT else old

    def target(self, tenant: Tenant) -> Any:
        place = Place(self.name, formerly=("former",)) if self.work is Work.REBIND else None
        options: dict[str, Any] = {"place": place, "page": 2, "tenant_of": lambda _: tenant}
        if self.kind == "s3":
            return S3Objects(self.s3, bucket=self.name, **options)
        return DynamoItems(self.dynamodb.Table(self.name), **OF, **options)

    def records(self) -> dict[str, bytes]:
        if self.kind == "s3":
            return {str(n): self.s3.get_object(Bucket=self.name, Key=str(n))["Body"].read() for n in range(RECORDS)}
        items = self.dynamodb.Table(self.name).scan(ConsistentRead=True)["Items"]
        return {str(item["pk"]): _raw(item["card"]) for item in items}

    def opens(self, tenant: Tenant) -> bool:
        if self.kind == "s3":
            return all(
                s3.get_object(tenant, self.s3, bucket=self.name, key=str(n)).read() == f"data {n}".encode()
                for n in range(RECORDS)
            )
        items = self.dynamodb.Table(self.name).scan(ConsistentRead=True)["Items"]
        opened = [decrypt_item(tenant, item, table=self.name, **OF) for item in items]
        return sorted(str(item["card"]) for item in opened) == [f"data {n}" for n in range(RECORDS)]


def _raw(value: Any) -> bytes:
    return bytes(value.value) if hasattr(value, "value") else str(value).encode()


def in_a_child(work: Callable[[], None]) -> int:
    """The child's exit code, -9 if it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # reported, and never to run the parent's code
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main(kind: str, work: Work, folder: Path, secret: str, each: int) -> None:
    store = FilledStore(kind, work, secret)  # it has asked for nothing yet: no connection is shared with a child
    for die_at in range(1, 1000, each):
        checkpoint, log, result = (folder / f"{name}-{die_at}" for name in ("checkpoint", "log", "result"))
        log.touch()

        def killed(die_at: int = die_at, checkpoint: Path = checkpoint, log: Path = log, result: Path = result) -> None:
            old = store.fill()
            result.write_text(json.dumps({"name": store.name, "old": old}))
            steps = Steps(die_at, log)
            steps.watch(store.s3 if kind == "s3" else store.dynamodb.meta.client)
            steps.watch_files()
            reencrypt(store.target(store.tenant(steps)), checkpoint=checkpoint, work=work)

        def resumed(checkpoint: Path = checkpoint, log: Path = log, result: Path = result) -> None:
            made = json.loads(result.read_text())
            store.name = made["name"]
            steps = Steps(-1, log)
            steps.watch(store.s3 if kind == "s3" else store.dynamodb.meta.client)
            tenant = store.tenant(None)
            progress = reencrypt(store.target(tenant), checkpoint=checkpoint, work=work)
            kept = [k for k, blob in store.records().items() if made["old"].get(k) == data_key_of(blob).hex()]
            made |= {
                "opens": store.opens(tenant),
                "exit": progress.exit_code,
                "kept": kept,
                "writes": sorted(log.read_text().split()),
                "lock": checkpoint.with_name(checkpoint.name + ".lock").exists(),
            }
            result.write_text(json.dumps(made))

        ended = in_a_child(killed)
        again = in_a_child(resumed)
        made = json.loads(result.read_text())
        sys.stdout.write(json.dumps({"step": die_at, "killed": ended, "resumed": again, **made}) + "\n")
        sys.stdout.flush()
        if ended != -9:
            return


if __name__ == "__main__":
    main(sys.argv[1], Work(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
