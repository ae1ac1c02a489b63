"""The real demo, run once: what was allowed, what was refused and by which statement, and what is left of it.

`make demo`, which CI runs for each pull request, fails where a call of the demo is not answered as promised or a
resource is left; these tests name each of them, every night.
"""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.demo import Call, Report, Statement, demonstration
from tenant_keys.demo.report import Reported, StackRow
from tenant_keys.local.attacks import ATTACKS
from tests.command import tenant_keys
from tests.demo.conftest import ROOT, Run, Shell

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

GLOBEX, ACME, UMBRELLA = "key policy of globex", "key policy of acme", "key policy of umbrella"
DENIED = "AccessDeniedException"
ONLY_OURS, OUR_ALIAS = "DenyUseByAnyoneElse", "DenyOtherAlias"
REFUSED = {
    # who, what: AWS's answer, and every statement that refuses
    ("acme's session", "GenerateDataKey, alias of globex"): (DENIED, [(GLOBEX, ONLY_OURS)]),
    ("acme's session", "Decrypt, alias of globex"): (DENIED, [(GLOBEX, ONLY_OURS)]),
    ("acme's session", "Decrypt, key ARN of globex"): (DENIED, [(GLOBEX, ONLY_OURS), (GLOBEX, OUR_ALIAS)]),
    ("acme's session", "Decrypt, key id of globex"): (DENIED, [(GLOBEX, ONLY_OURS), (GLOBEX, OUR_ALIAS)]),
    ("acme's session", "Decrypt, no KeyId"): (DENIED, [(GLOBEX, ONLY_OURS), (GLOBEX, OUR_ALIAS)]),
    ("portal, acme's token", "GenerateDataKey, alias of globex"): (DENIED, [(GLOBEX, ONLY_OURS)]),
    ("acme's session", "Decrypt, own alias on globex's key"): (DENIED, [(GLOBEX, ONLY_OURS), (GLOBEX, OUR_ALIAS)]),
    ("billing, tag globex", "Decrypt, alias of globex"): (DENIED, [(GLOBEX, ONLY_OURS)]),
    ("administrator", "Decrypt, alias of globex"): (DENIED, [(GLOBEX, ONLY_OURS)]),
    ("root of 111111111111", "Decrypt, alias of globex"): (DENIED, [(GLOBEX, ONLY_OURS)]),
    ("administrator", "PutKeyPolicy, key of globex"): (DENIED, [(GLOBEX, "DenyDeployByAnyoneElse")]),
    ("administrator", "CreateGrant, key of globex"): (DENIED, [(GLOBEX, "DenyToEveryone")]),
    ("administrator", "UpdateAlias of acme to globex's key"): (DENIED, [(ACME, "DenyToEveryone")]),
    ("acme's session", "GenerateDataKey, tenant_id globex"): (DENIED, [(ACME, "DenyOtherContext")]),
    ("billing, tag acme", "Decrypt, alias of umbrella"): (DENIED, [(UMBRELLA, "DenySharedRoleOfOtherTenant")]),
    ("acme's session", "Decrypt, replica of umbrella"): (DENIED, [(UMBRELLA, ONLY_OURS)]),
    ("initech's session", "GenerateDataKey, own alias"): (
        DENIED,
        [("key policy of initech", "DenyUseWhileSuspended")],
    ),
    ("billing", "AssumeRole, a second tag"): ("AccessDenied", [("trust policy of shared.billing", None)]),
    ("orders", "AssumeRole, tag globex"): ("AccessDenied", [("trust policy of tenant-acme.orders", None)]),
    ("a stranger", "AssumeRoleWithWebIdentity"): ("InvalidIdentityToken", [("AWS STS", "not the issuer's signature")]),
    ("acme's session", "Decrypt, own alias, globex's data"): (
        "IncorrectKeyException",
        [("AWS KMS", "ciphertext of another key")],
    ),
}


@pytest.fixture(scope="session")
def shell_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell that would lead every SDK elsewhere."""
    nowhere = "http://127.0.0.1:9"
    return Shell(
        tmp_path_factory.mktemp("demo"),
        {
            "AWS_PROFILE": "nobody",
            "AWS_ENDPOINT_URL": nowhere,
            "HTTPS_PROXY": nowhere,
            "HTTP_PROXY": nowhere,
            "https_proxy": nowhere,
            "http_proxy": nowhere,
        },
    )


@pytest.fixture(scope="session")
def run(shell_of_the_run: Shell) -> Run:
    found = shell_of_the_run.run("--json")
    assert found.code == 0, found.err + found.out
    return found


@pytest.fixture
def served(run: Run) -> dict[str, dict[str, Any]]:
    return {call["name"]: call for call in run.document["served"]}


@pytest.mark.parametrize("attack", REFUSED, ids=": ".join)
def test_the_attack_is_refused_by_the_statement_that_is_there_for_it(run: Run, attack: tuple[str, str]) -> None:
    [call] = [each for each in run.document["attacks"] if (each["who"], each["tried"]) == attack]
    refused_by = [(each["policy"], each["sid"]) for each in call["decided_by"]]
    assert (call["answer"], refused_by) == REFUSED[attack]
    assert call["as_promised"]


def test_no_attack_is_left_out(run: Run) -> None:
    assert {(call["who"], call["tried"]) for call in run.document["attacks"]} == set(REFUSED)
    assert run.document["skipped"] == []
    assert len(REFUSED) == len(ATTACKS) == len({attack.name for attack in ATTACKS})


def test_attacks_end_in_messages_on_the_topic(run: Run) -> None:
    reported = {(each["rule"], each["who"], each["event"], each["at"]) for each in run.document["reported"]}
    assert {
        ("use-denied", "tenant-acme.orders", "GenerateDataKey", "alias/tenant-globex"),
        ("administration-denied", "operator", "PutKeyPolicy", "key of globex"),
        ("access-refused", "tenant-keys-orders", "AssumeRole", "role/tenant-keys/orders/tenant-acme.orders"),
    } <= reported


def test_the_attackers_are_who_the_demo_says(run: Run) -> None:
    callers = {call["name"]: call["principal"] for call in run.document["attacks"]}
    central, role = "arn:aws:sts::111111111111:assumed-role", "arn:aws:sts::222222222222:assumed-role"
    assert callers["its data, by key ARN"] == f"{central}/tenant-acme.orders/acme"
    assert callers["a lying session tag"] == f"{central}/shared.billing/billing"
    assert callers["a tag on a tenant's own role"] == f"{role}/tenant-keys-orders/orders"
    assert callers["an administrator decrypts"] == "arn:aws:iam::111111111111:user/operator"
    assert callers["the root user decrypts"] == "arn:aws:iam::111111111111:root"


def test_a_service_serves_acme(served: dict[str, dict[str, Any]]) -> None:
    assert [call["name"] for call in served.values() if not call["as_promised"]] == []
    assert served["the workload role"]["resource"] == "arn:aws:iam::222222222222:role/tenant-keys-orders"
    assert served["the workload role"]["seen"] == "code runs in account 222222222222"
    role = served["the access role"]
    assert role["principal"] == "arn:aws:sts::222222222222:assumed-role/tenant-keys-orders/orders"
    assert role["resource"] == "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-acme.orders"
    key = served["a data key"]
    assert (key["action"], key["alias"]) == ("kms:GenerateDataKey", "alias/tenant-acme")
    assert {"policy": ACME, "sid": "EncryptThroughTenantRole"} in key["decided_by"]
    assert {"policy": "tenant-acme.orders/UseTenantKey", "sid": "UseOwnTenantKey"} in key["decided_by"]


def test_what_is_stored_is_ciphertext_and_is_read_back(served: dict[str, dict[str, Any]]) -> None:
    for at_rest in ("the item at rest", "the object at rest"):
        assert served[at_rest]["seen"].endswith(" bytes of ciphertext under acme's key")
    opened = served["the item read back"]
    assert (opened["action"], opened["alias"]) == ("kms:Decrypt", "alias/tenant-acme")
    assert opened["seen"] == "the card as it was written"
    assert served["the object read back"]["seen"] == "the invoice as it was written"


def test_every_access_mode_and_kind_of_key_works(served: dict[str, dict[str, Any]]) -> None:
    assert {"policy": ACME, "sid": "DecryptThroughSharedRole"} in served["by session tag"]["decided_by"]
    assert served["by session tag"]["principal"].startswith("arn:aws:sts::111111111111:assumed-role/shared.billing/")
    assert served["by signed token"]["principal"].startswith("arn:aws:sts::111111111111:assumed-role/shared.portal/")
    assert served["key material imported"]["principal"].startswith(
        "arn:aws:sts::111111111111:assumed-role/globex-key-import/"
    )
    replica = served["by the replica"]
    assert replica["seen"] == "sealed in eu-west-1, opened by the replica in eu-central-1"
    assert replica["resource"].startswith("arn:aws:kms:eu-central-1:111111111111:key/mrk-")


def test_the_estate_is_proved_and_stands_in_three_accounts(run: Run) -> None:
    document = run.document
    assert (document["as_promised"], document["verdict"], document["tenants"]) == (True, "proved", 6)
    assert document["accounts"] == ["111111111111", "222222222222", "333333333333"]
    stacks = {(each["account"], each["region"], each["name"]): each["resources"] for each in document["stacks"]}
    assert stacks["111111111111", "eu-west-1", "tenant-keys-cell-eu-west-1-001"] == {"keys": 6, "aliases": 6}
    assert {account for account, _, _ in stacks} == set(document["accounts"])
    assert document["endpoint"].startswith("https://127.0.0.1:")


def test_progress_goes_to_stderr_while_it_works(run: Run) -> None:
    for sign in ("starting a local AWS", "cdk synth", "cdk bootstrap and cdk deploy", "serving tenants", "attacking"):
        assert sign in run.err


def test_it_prints_what_the_docs_show_of_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/demo.txt, from which README.md takes its lines; `tenant-keys demo > docs/demo.txt` records it again."""
    document = run.document
    stacks = [StackRow(**each) for each in document["stacks"]]
    report = Report(
        verdict=document["verdict"],
        claim=document["claim"],
        tenants=document["tenants"],
        keys=document["keys"],
        requests=document["requests"],
        stacks=stacks,
        served=[_call(each) for each in document["served"]],
        attacks=[_call(each) for each in document["attacks"]],
        watched=document["watched"],
        reported=[Reported(**each) for each in document["reported"]],
        cleaned_up=document["cleaned_up"],
    )
    monkeypatch.setattr(demonstration, "demonstrate", lambda *_arguments, **_options: report)
    recorded = (ROOT / "docs" / "demo.txt").read_text(encoding="utf-8")
    assert tenant_keys("demo").stdout == recorded, "record it again: tenant-keys demo > docs/demo.txt"


def _call(given: dict[str, Any]) -> Call:
    return Call(**{**given, "decided_by": tuple(Statement(**each) for each in given["decided_by"])})


def test_nothing_is_left_of_it(run: Run, shell_of_the_run: Shell) -> None:
    assert shell_of_the_run.left() == []
    assert run.document["cleaned_up"]
