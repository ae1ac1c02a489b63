"""Keys in customers' own accounts, on the local AWS: two customers, one of whom tries to register the other's key."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tenant_keys.cost.keys import keys_by_region
from tenant_keys.cost.prices import load_prices
from tenant_keys.demo.local_estate import customers_of, ensure_held_keys
from tenant_keys.manifest import EstateError
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.operations import held
from tenant_keys.operations.consequences import describe_change
from tenant_keys.operations.errors import TransitionRefused
from tenant_keys.operations.held import HeldKeyError, Probe
from tenant_keys.operations.offboarding.departing import departing
from tenant_keys.operations.offboarding.remaining import after_offboarding
from tenant_keys.operations.revocation import RevocationIncomplete, revoke
from tenant_keys.operations.tenant_view import view
from tenant_keys.policy.held_key import owner_statements
from tests.operations.held.conftest import Customers

NAMED = {
    "DescribeKey",
    "DescribeKey: KeyState",
    "DescribeKey: KeySpec",
    "DescribeKey: KeyUsage",
    "DescribeKey: KeyManager",
    "GenerateDataKey",
    "Decrypt",
    "GenerateDataKey with the nonce",
    "GenerateDataKey with another nonce",
}


def statements(customers: Customers, tenant: str) -> list[dict[str, Any]]:
    """What `held register` prints for the tenant."""
    nonce = held.register(customers.manifest, tenant)
    estate, found, _ = held.held_key(customers.manifest, tenant)
    return owner_statements(found, estate, nonce)


def probes(customers: Customers, tenant: str, workload: str = "orders") -> list[Probe]:
    estate, found, key = held.held_key(customers.manifest, tenant)
    return held.verify(found, key, estate.workloads[workload], customers.session(tenant, workload))


def failed(found: list[Probe]) -> set[str]:
    return {probe.what for probe in found if not probe.passed}


def use(customers: Customers, tenant: str, arn: str, workload: str = "orders", **context: str) -> bytes:
    kms = customers.session(tenant, workload)(arn.split(":")[3])
    answer = kms.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext={"tenant_id": tenant, **context})
    return bytes(answer["CiphertextBlob"])


@pytest.mark.parametrize("workload", ["orders", "billing"])
def test_a_customer_that_pastes_the_statements_is_verified_and_put_to_use(customers: Customers, workload: str) -> None:
    assert failed(probes(customers, "globex", workload)) if held.register(customers.manifest, "globex") else None
    customers.paste("globex", statements(customers, "globex"))
    found = probes(customers, "globex", workload)
    assert {probe.what for probe in found} == NAMED
    assert failed(found) == set()
    with pytest.raises(HeldKeyError, match="control of the key was not verified"):
        held.activate(customers.manifest, "globex", replacing=False)
    held.record_verified(customers.manifest, "globex")
    held.activate(customers.manifest, "globex", replacing=False)
    key = customers.estate().tenants["globex"].held
    assert key is not None
    assert dict(key.active) == {"eu-west-1": customers.keys["globex"]}
    assert (key.nonce, dict(key.verified)) == (None, {})
    customers.deploy()
    assert use(customers, "globex", customers.keys["globex"], workload)


def test_before_anything_is_pasted_nothing_is_verified(customers: Customers) -> None:
    held.register(customers.manifest, "globex")
    found = probes(customers, "globex")
    assert {probe.got for probe in found} == {"AccessDeniedException"}
    assert failed(found) == {"DescribeKey", "GenerateDataKey", "Decrypt", "GenerateDataKey with the nonce"}


def test_a_customer_is_not_verified_with_the_key_of_another_that_trusts_us(customers: Customers) -> None:
    """Hooli names globex's key, whose policy lets globex's sessions in and knows globex's nonce."""
    customers.paste("globex", statements(customers, "globex"))
    only_hooli = "\n".join(line for line in customers.text().splitlines() if "globex" not in line) + "\n"
    customers.manifest.with_suffix(".lock").unlink()
    customers.write(only_hooli.replace(customers.keys["hooli"], customers.keys["globex"]))
    customers.deploy()
    held.register(customers.manifest, "hooli")
    for workload in ("orders", "billing"):
        found = probes(customers, "hooli", workload)
        assert failed(found) == {"DescribeKey", "GenerateDataKey", "Decrypt", "GenerateDataKey with the nonce"}
    with pytest.raises(HeldKeyError, match="control of the key was not verified"):
        held.activate(customers.manifest, "hooli", replacing=False)


def spellings(arn: str) -> dict[str, tuple[str, str]]:
    """How one could write another's key, and what is said."""
    head, key = arn.rsplit("/", 1)
    return {
        "the same ARN": (arn, "the key of globex, in some Region; no two tenants share a key"),
        "an alias": (f"{head.removesuffix(':key')}:alias/theirs", "allowed: a mapping of Regions"),
        "capital letters": (f"{head}/{key.upper()}", "allowed: a mapping of Regions"),
        "an alias by the word key": (f"{head}/alias/theirs", "allowed: a mapping of Regions"),
    }


@pytest.mark.parametrize("how", ["the same ARN", "an alias", "capital letters", "an alias by the word key"])
def test_another_customers_key_is_refused_however_it_is_spelled(customers: Customers, how: str) -> None:
    arn, reported = spellings(customers.keys["globex"])[how]
    customers.manifest.write_text(customers.text(hooli=arn))
    with pytest.raises(EstateError) as refused:
        customers.estate()
    assert "tenants.hooli.key.arns" in str(refused.value)
    assert reported in str(refused.value) or "only letters" in str(refused.value) or "arn:aws:kms" in str(refused.value)


def test_a_replica_of_another_customers_multi_region_key_is_refused(customers: Customers) -> None:
    mrk = "mrk-" + "0a" * 16
    globex = f"arn:aws:kms:eu-west-1:555555555555:key/{mrk}"
    hooli = f"arn:aws:kms:eu-central-1:555555555555:key/{mrk}"
    customers.manifest.write_text(customers.text(globex=globex, hooli=hooli))
    with pytest.raises(EstateError, match="the key of globex, in some Region"):
        customers.estate()


def test_a_key_that_is_active_for_another_is_refused_even_if_that_one_names_a_new_one(customers: Customers) -> None:
    customers.paste("globex", statements(customers, "globex"))
    held.record_verified(customers.manifest, "globex")
    held.activate(customers.manifest, "globex", replacing=False)
    fresh = "arn:aws:kms:eu-west-1:555555555555:key/11111111-2222-3333-4444-555555555555"
    customers.manifest.write_text(customers.text(globex=fresh, hooli=customers.keys["globex"]))
    with pytest.raises(EstateError, match="the active key of globex; no two tenants share a key"):
        customers.estate()


def test_neither_side_alone_opens_a_key(customers: Customers) -> None:
    """Both customers paste; each one's sessions are refused at the other's key, with either one's context."""
    for tenant in ("globex", "hooli"):
        customers.paste(tenant, statements(customers, tenant))
    for workload in ("orders", "billing"):
        for tenant, other in (("globex", "hooli"), ("hooli", "globex"), ("acme", "globex")):
            for context in (tenant, other):
                with pytest.raises(ClientError, match="AccessDenied"):
                    use(customers, tenant, customers.keys[other], workload, tenant_id=context)


def test_a_policy_that_binds_no_context_is_not_verified(customers: Customers) -> None:
    """Anyone who lets all of our account in lets every tenant in: the probe with another nonce comes through."""
    central = {"AWS": "arn:aws:iam::111111111111:root"}
    customers.paste(
        "globex",
        [{"Sid": "All", "Effect": "Allow", "Principal": central, "Action": "kms:*", "Resource": "*"}],
    )
    held.register(customers.manifest, "globex")
    found = probes(customers, "globex")
    assert failed(found) == {"GenerateDataKey with another nonce"}
    assert "allows any encryption context" in next(probe.fix for probe in found if not probe.passed)


def test_the_pasted_denies_hold_where_the_customer_allows_our_account_more(customers: Customers) -> None:
    central = {"AWS": "arn:aws:iam::111111111111:root"}
    wide = {"Sid": "All", "Effect": "Allow", "Principal": central, "Action": "kms:*", "Resource": "*"}
    customers.paste("globex", [wide, *statements(customers, "globex")])
    kms = customers.aws.session("111111111111").client("kms")
    arn = customers.keys["globex"]
    attempts: dict[str, Callable[[], object]] = {
        "use": lambda: kms.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext={"tenant_id": "globex"}),
        "grant": lambda: kms.create_grant(KeyId=arn, GranteePrincipal="111111111111", Operations=["Decrypt"]),
    }
    for name, attempt in attempts.items():
        with pytest.raises(ClientError) as refused:
            attempt()
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException", name


def test_an_answer_that_kms_does_not_give_verifies_and_refutes_nothing(
    customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between the attempts of boto3
    customers.paste("globex", statements(customers, "globex"))
    customers.aws.fail("GenerateDataKey", "ThrottlingException", times=20)
    with pytest.raises(HeldKeyError, match=r"KMS did not answer .*the result is unknown"):
        probes(customers, "globex")
    estate, found, key = held.held_key(customers.manifest, "globex")

    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise EndpointConnectionError(endpoint_url="https://kms.eu-west-1.amazonaws.com")

    with pytest.raises(HeldKeyError, match="KMS did not answer"):
        held.verify(found, key, estate.workloads["orders"], lambda _: Gone())


def test_a_disabled_key_is_refuted(customers: Customers) -> None:
    customers.paste("globex", statements(customers, "globex"))
    customers.aws.session("555555555555").client("kms").disable_key(KeyId=customers.keys["globex"])
    found = probes(customers, "globex")
    assert "DescribeKey: KeyState" in failed(found)


def activated(customers: Customers) -> None:
    customers.paste("globex", statements(customers, "globex"))
    held.record_verified(customers.manifest, "globex")
    held.activate(customers.manifest, "globex", replacing=False)


def test_deregister_forgets_a_registration_and_never_what_is_active(customers: Customers) -> None:
    assert held.deregister(customers.manifest, "globex") is False
    activated(customers)
    old = customers.keys["globex"]
    assert held.deregister(customers.manifest, "globex") is False
    fresh = customers.aws.session("555555555555").client("kms").create_key()["KeyMetadata"]["Arn"]
    customers.write(customers.text(globex=fresh))
    held.register(customers.manifest, "globex")
    assert held.deregister(customers.manifest, "globex") is True
    key = customers.estate().tenants["globex"].held
    assert key is not None
    assert (key.nonce, dict(key.active)) == (None, {"eu-west-1": old})
    customers.deploy()
    assert use(customers, "globex", old), "the active key stays in use while another is being registered"


def test_another_key_takes_the_place_of_an_active_one_only_where_that_is_said(customers: Customers) -> None:
    activated(customers)
    old = customers.keys["globex"]
    customers.keys["globex"] = customers.aws.session("555555555555").client("kms").create_key()["KeyMetadata"]["Arn"]
    customers.write(customers.text())
    customers.deploy()
    with pytest.raises(HeldKeyError, match="control of the key was not verified"):
        held.activate(customers.manifest, "globex", replacing=True)
    customers.paste("globex", statements(customers, "globex"))
    assert failed(probes(customers, "globex")) == set()
    held.record_verified(customers.manifest, "globex")
    with pytest.raises(HeldKeyError, match=f"{old} is active, and what it encrypted opens under no other key"):
        held.activate(customers.manifest, "globex", replacing=False)
    held.activate(customers.manifest, "globex", replacing=True)
    key = customers.estate().tenants["globex"].held
    assert key is not None
    assert dict(key.active) == {"eu-west-1": customers.keys["globex"]}


def test_what_was_verified_counts_for_no_other_key(customers: Customers) -> None:
    customers.paste("globex", statements(customers, "globex"))
    held.record_verified(customers.manifest, "globex")
    fresh = customers.aws.session("555555555555").client("kms").create_key()["KeyMetadata"]["Arn"]
    customers.write(customers.text(globex=fresh))
    with pytest.raises(HeldKeyError, match=f"{fresh}: control of the key was not verified"):
        held.activate(customers.manifest, "globex", replacing=False)


@pytest.mark.parametrize(
    ("edit", "reported"),
    [
        (("held_by: tenant, arns: {", "origin: aws-kms, arns: {"), "only with held_by: tenant"),
        (
            ("globex: {workloads: [orders, billing], ", "globex: {workloads: [orders], rotation_days: 90, "),
            "it applies only",
        ),
        (
            ("  hooli:", "  hooli: {state: suspended}\n  other:"),
            "tenants.lock records that the tenant holds its own key",
        ),
        (("  acme: {", "  acme: {key: {held_by: tenant, arns: {X}}, "), "records a key in the central account"),
    ],
    ids=["no holder", "a setting of our keys", "a key of ours in place of it", "its own in place of ours"],
)
def test_who_holds_the_key_never_changes_and_settings_of_ours_do_not_apply(
    customers: Customers, edit: tuple[str, str], reported: str
) -> None:
    other = "eu-west-1: 'arn:aws:kms:eu-west-1:777777777777:key/11111111-2222-3333-4444-555555555555'"
    text = customers.text().replace(*edit).replace("{X}", f"{{{other}}}")
    customers.manifest.write_text(text)
    with pytest.raises(EstateError) as refused:
        bring_up_to_date(customers.manifest, base=None, merge=False)
    assert reported in str(refused.value)


def test_the_lock_keeps_what_is_recorded_when_it_is_brought_up_to_date(customers: Customers) -> None:
    activated(customers)
    before = json.loads(line_of(customers.manifest, "globex"))
    customers.write(customers.text() + "  wonka: {workloads: [orders]}\n")
    assert json.loads(line_of(customers.manifest, "globex")) == before
    assert before["held"] == {"active": {"eu-west-1": customers.keys["globex"]}}


def line_of(manifest: Path, tenant: str) -> str:
    return next(line for line in manifest.with_suffix(".lock").read_text().splitlines() if f'"{tenant}"' in line)


def test_what_only_the_owner_can_do_is_not_done_here(customers: Customers) -> None:
    estate, found, _ = held.held_key(customers.manifest, "globex")
    with pytest.raises(RevocationIncomplete, match="held by tenant globex, and only its owner can disable it"):
        revoke(found, estate, lambda _: None, say=lambda _: None)
    with pytest.raises(TransitionRefused, match="globex holds its key in an account of its own"):
        departing(customers.manifest, "globex")


def test_commands_show_the_tenants_own_key_and_of_none_of_ours(customers: Customers) -> None:
    activated(customers)
    estate = customers.estate()
    arn = customers.keys["globex"]
    shown = view(estate.tenants["globex"], estate)
    assert shown.key == f"held by the tenant: {arn} (active)"
    assert (shown.alias, shown.aliases, shown.stacks, shown.rotation) == ("none of ours", (arn,), (), "by its owner")
    before = replace(estate, tenants={"acme": estate.tenants["acme"]})
    added = describe_change(before, replace(estate, tenants={**before.tenants, "globex": estate.tenants["globex"]}))
    assert added[0] == f"creates no key for globex: it holds {arn} itself"
    suspended = replace(estate.tenants["globex"], state="suspended")
    (reported,) = describe_change(estate, replace(estate, tenants={**estate.tenants, "globex": suspended}))
    assert reported == "globex: takes the tenant's own key from our access roles; the key is not touched"
    assert describe_change(estate, replace(estate, tenants={**before.tenants, "hooli": estate.tenants["hooli"]})) == [
        "reserves the id globex for ever; the tenant's own key is not touched"
    ]
    leaving = after_offboarding(estate.tenants["globex"], estate)
    assert leaving[1] == "node_modules/.bin/cdk deploy tenant-keys-roles-001 tenant-keys-shared-access"
    assert sum(one.keys for one in keys_by_region(estate, load_prices())) == 1


def test_the_local_aws_holds_the_keys_of_a_manifest_as_their_owners_would(customers: Customers) -> None:
    """Ids that a manifest names exist already: replicas share their material, and the policy is what was printed."""
    mrk = "mrk-" + "0b" * 16
    arns = {region: f"arn:aws:kms:{region}:555555555555:key/{mrk}" for region in ("eu-west-1", "eu-central-1")}
    both = ", ".join(f'{region}: "{arn}"' for region, arn in arns.items())
    customers.write(customers.text().replace(f'eu-west-1: "{customers.keys["globex"]}"', both))
    customers.deploy()
    assert customers_of(customers.estate()) == ("555555555555", "666666666666")
    held.register(customers.manifest, "globex")
    ensure_held_keys(customers.aws, customers.estate())
    assert failed(probes(customers, "globex")) == set()
    blob = use(customers, "globex", arns["eu-west-1"])
    other = customers.session("globex")("eu-central-1")
    opened = other.decrypt(KeyId=arns["eu-central-1"], CiphertextBlob=blob, EncryptionContext={"tenant_id": "globex"})
    assert opened["KeyId"] == arns["eu-central-1"]
