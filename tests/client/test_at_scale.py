"""The worker and the state machine of examples/reencrypt_at_scale, on the local AWS."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from tenant_keys.client import TenantKeys, errors
from tenant_keys.client.dynamodb import decrypt_item, encrypt_item
from tenant_keys.client.reencrypt.header import data_key_of
from tests.client import state_machine
from tests.client.tables import create_bucket, create_table
from tools.benchmarks.client_estate import ORDERS, ClientEstate

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table

pytestmark = pytest.mark.xdist_group("client-local-aws")
FOLDER = Path(__file__).parents[2] / "examples" / "reencrypt_at_scale"
SEGMENTS, ITEMS = 5, 40
OF: dict[str, Any] = {"key": ("pk",), "attributes": ("card",)}


class Cloudformation(yaml.SafeLoader):
    """Short forms of intrinsic functions are kept as plain values: nothing here looks at them."""


Cloudformation.add_multi_constructor("!", lambda loader, _, node: getattr(node, "value", None))


def definition() -> dict[str, Any]:
    template = yaml.load((FOLDER / "template.yaml").read_text(), Cloudformation)  # noqa: S506  # a SafeLoader
    machine: dict[str, Any] = template["Resources"]["StateMachine"]["Properties"]["Definition"]
    return machine


class Sandbox_Timedout(Exception):  # noqa: N801  # Lambda's name for it has a dot
    """What Step Functions sees of a function that Lambda ended."""


class Lambda:
    """The worker with its environment. Its time is up after every page, and it may die at any write."""

    def __init__(self, client_estate: ClientEstate, keys: TenantKeys, patch: pytest.MonkeyPatch, work: str) -> None:
        session = client_estate.aws.session(ORDERS)
        self.table: Table = create_table(client_estate)
        self.checkpoints = create_bucket(session.client("s3"))
        self.s3 = session.client("s3")
        for name, value in {"TABLE": self.table.name, "CHECKPOINTS": self.checkpoints, "WORK": work}.items():
            patch.setenv(name, value)
        self.module = self._load()
        patch.setattr(self.module, "keys", lambda: keys)
        self.resource = session.resource("dynamodb")
        patch.setattr(self.module.boto3, "resource", lambda _: self.resource)
        patch.setattr(self.module.boto3, "client", lambda _: self.s3)
        self.calls, self.deaths, self.writes = 0, 0, list[str]()
        self.dies: random.Random | None = None
        self.resource.meta.client.meta.events.register("after-call.dynamodb.UpdateItem", self._written)
        for event in ("before-call.dynamodb.UpdateItem", "after-call.dynamodb", "before-call.s3.PutObject",
                      "after-call.s3.PutObject"):  # fmt: skip
            (self.s3 if "s3" in event else self.resource.meta.client).meta.events.register(event, self._maybe_die)
        self._armed = self._dead = False

    def _load(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location("worker", FOLDER / "worker.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def _written(self, http_response: Any, **_: Any) -> None:
        if http_response.status_code == 200:
            self.writes.append("written")

    def _maybe_die(self, **_: Any) -> None:
        if self._dead or (self._armed and self.dies and self.dies.random() < 0.05):
            self._dead = True  # and from here on nothing of it reaches AWS
            raise Killed

    def __call__(self, event: dict[str, Any]) -> Any:
        self.calls += 1
        self._armed = event["step"] == "work"
        try:
            return self.module.handler(event, SimpleNamespace(get_remaining_time_in_millis=lambda: 1000))
        except Killed:
            self.deaths += 1
            raise Sandbox_Timedout from None
        finally:
            self._armed = self._dead = False

    def fill(self, tenant: Any = None) -> None:
        for number in range(ITEMS):
            item: dict[str, Any] = {"pk": str(number), "tenant": "acme", "card": f"card {number}"}
            self.table.put_item(Item=encrypt_item(tenant, item, table=self.table.name, **OF) if tenant else item)

    def run(self, execution: str, run: str = "job") -> Any:
        return state_machine.run(
            definition(), {"run": run, "of": SEGMENTS, "concurrency": 2}, self, execution=execution
        )


class Killed(BaseException):
    """Ends the function as SIGKILL does: nothing of it runs any more but what Python must unwind."""


@pytest.fixture(scope="module")
def keys(client_estate: ClientEstate) -> TenantKeys:
    return client_estate.keys("orders")


def test_the_state_machine_works_through_a_table(
    client_estate: ClientEstate, keys: TenantKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Lambda(client_estate, keys, monkeypatch, "encrypt")
    worker.fill()
    answer = worker.run("one")
    assert answer["result"]["exit_code"] == 0
    assert answer["result"]["counts"]["converted"] == ITEMS
    assert worker.calls >= SEGMENTS + 2
    acme = keys.tenant_without_token("acme")
    for item in worker.table.scan()["Items"]:
        assert decrypt_item(acme, item, table=worker.table.name, **OF)["card"] == f"card {item['pk']!s}"
    again = worker.run("two")
    assert again["result"]["counts"]["converted"] == ITEMS, "a run that is done is not done again"
    assert len(worker.writes) == ITEMS


@pytest.mark.parametrize("work", ["encrypt", "rewrap"])
def test_workers_that_die_all_the_time_lose_nothing_and_do_nothing_twice(
    client_estate: ClientEstate, keys: TenantKeys, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    worker = Lambda(client_estate, keys, monkeypatch, work)
    acme = keys.tenant_without_token("acme")
    worker.fill(acme if work == "rewrap" else None)
    items: Any = worker.table.scan()["Items"]
    old = {data_key_of(bytes(item["card"].value)) for item in items if hasattr(item["card"], "value")}
    worker.dies = random.Random(17)  # noqa: S311  # repeatable on purpose
    answer = worker.run("one")
    worker.dies = None
    assert worker.deaths >= 3
    assert answer["result"]["exit_code"] == 0
    assert len(worker.writes) == ITEMS
    for item in worker.table.scan(ConsistentRead=True)["Items"]:
        assert decrypt_item(acme, item, table=worker.table.name, **OF)["card"] == f"card {item['pk']!s}"
        assert data_key_of(bytes(item["card"].value)) not in old  # type: ignore[union-attr]


def test_an_attribute_that_no_item_of_any_segment_has_fails_the_sum(
    client_estate: ClientEstate, keys: TenantKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Lambda(client_estate, keys, monkeypatch, "encrypt")
    for number in range(6):
        worker.table.put_item(Item={"pk": str(number), "tenant": "acme", "crad": "x"})
    with pytest.raises(state_machine.Failed, match="ConfigurationError"):
        worker.run("one")


def test_records_that_fail_end_the_execution_and_are_tried_again_by_another_of_the_same_run(
    client_estate: ClientEstate, keys: TenantKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Lambda(client_estate, keys, monkeypatch, "encrypt")
    worker.fill()
    worker.table.put_item(Item={"pk": "nobody's", "tenant": "wrong--id", "card": "x"})
    with pytest.raises(state_machine.Failed, match="RecordsFailed"):
        worker.run("one")
    worker.table.put_item(Item={"pk": "nobody's", "tenant": "acme", "card": "x"})
    answer = worker.run("two")
    assert answer["result"]["counts"] == {"converted": ITEMS + 1, "already": 0, "nothing to convert": 0, "failed": 0}


def test_a_segment_that_another_execution_works_on_is_refused(
    client_estate: ClientEstate, keys: TenantKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Lambda(client_estate, keys, monkeypatch, "encrypt")
    worker.fill()
    worker.module.checkpoint("job", 0, owner="one/0").open()
    with pytest.raises(state_machine.Failed, match="ConfigurationError"):
        worker.run("two")
    with pytest.raises(Exception, match="another job is using it: one/0"):
        worker({"step": "work", "run": "job", "segment": 0, "of": SEGMENTS, "execution": "two"})


def test_the_state_machine_calls_again_for_every_error_that_may_pass() -> None:
    """Step Functions compares the names of classes, and knows nothing of what they derive from."""
    retried = definition()["States"]["Segments"]["ItemProcessor"]["States"]["Work"]["Retry"][0]["ErrorEquals"]
    ours = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, errors.Throttled | errors.ServiceUnavailable)
    ]
    assert len(ours) >= 3
    for one in (*ours, ClientError, ReadTimeoutError, ConnectTimeoutError, EndpointConnectionError,
                ConnectionClosedError, ResponseStreamingError, IncompleteReadError):  # fmt: skip
        assert one.__name__ in retried
    assert "ConfigurationError" not in retried


@pytest.mark.exhaustive
@pytest.mark.slow
def test_the_template_passes_cfn_lint_and_knows_every_step_of_the_worker() -> None:
    from cfnlint import api  # type: ignore[import-untyped]

    text = (FOLDER / "template.yaml").read_text()
    assert [match for match in api.lint_all(text) if match.rule.id[0] in "EW"] == []
    payloads = json.dumps(definition())
    assert all(f'"{step}"' in payloads for step in ("plan", "work", "sum"))
