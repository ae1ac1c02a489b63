"""The end of a key on the local AWS: who may bring it about, when, interrupted anywhere, and the certificate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from tenant_keys.local import LocalAws
from tenant_keys.operations.errors import KeyMismatch
from tenant_keys.operations.offboarding.certificate import certify, possible_arns, readable, write_certificate
from tenant_keys.operations.offboarding.deletion import DeletionRefused, cancel, schedule, shred, to_shred
from tenant_keys.operations.offboarding.departing import Departing
from tenant_keys.operations.offboarding.events import look_up, read_records
from tenant_keys.operations.offboarding.evidence import Evidence, EvidenceUnusable, read_evidence, write_evidence
from tenant_keys.operations.offboarding.keys import Located, locate, read_keys
from tests.command import Done, tenant_keys
from tools.life_cycle.interruptions import CHANGING, Power, departing_of, live_and_cut
from tools.life_cycle.leaving_tenants import ADMIN, BREAK_GLASS, CENTRAL, DEPLOYER, READER, ROLES, Leaving, quiet

HERE, THERE = "eu-west-1", "eu-central-1"


@pytest.fixture(scope="module")
def leaving(own_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Leaving:
    own_aws.reset()
    return Leaving(own_aws, tmp_path_factory.mktemp("leaving"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "acme.evidence.json"


@pytest.fixture
def key(leaving: Leaving) -> Iterator[dict[str, str]]:
    """acme's key, offboarded and left alone for 31 days."""
    arns = leaving.create("acme", "offboarding")
    leaving.aws.advance(31)
    yield arns
    leaving.client(DEPLOYER, "kms", HERE).delete_alias(AliasName="alias/tenant-acme")


def state(leaving: Leaving, arn: str) -> str:
    kms = leaving.client(READER, "kms", arn.split(":")[3])
    return str(kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"])


def acme(leaving: Leaving) -> Departing:
    return departing_of(leaving, "acme")


def test_only_break_glass_schedules_and_nobody_else(leaving: Leaving, key: dict[str, str], file: Path) -> None:
    others = [role for role in ROLES if role not in (BREAK_GLASS, "GlobexImport", "UmbrellaImport")]
    assert others == [ADMIN, READER, DEPLOYER]
    for role in others:
        with pytest.raises(DeletionRefused, match=r"AccessDeniedException.*role/BreakGlass alone"):
            schedule(acme(leaving), file, leaving.clients_of(role), say=quiet)
        assert state(leaving, key[HERE]) == "Disabled", role
    schedule(acme(leaving), file, leaving.clients_of(BREAK_GLASS), say=quiet)
    assert state(leaving, key[HERE]) == "PendingDeletion"
    nothing = Evidence("acme", CENTRAL)
    for role in (READER, DEPLOYER):
        with pytest.raises(DeletionRefused, match="administrators and break-glass"):
            cancel(acme(leaving), nothing, leaving.clients_of(role), say=quiet)
    assert state(leaving, key[HERE]) == "PendingDeletion"
    for role in (ADMIN, BREAK_GLASS):
        cancel(acme(leaving), nothing, leaving.clients_of(role), say=quiet)
        assert state(leaving, key[HERE]) == "Disabled"
        schedule(acme(leaving), file, leaving.clients_of(BREAK_GLASS), say=quiet)
    cancel(acme(leaving), nothing, leaving.clients_of(ADMIN), say=quiet)
    with pytest.raises(DeletionRefused, match="no deletion is pending"):
        cancel(acme(leaving), nothing, leaving.clients_of(ADMIN), say=quiet)


def test_kms_holds_the_waiting_period_and_lets_the_key_be_disabled_meanwhile(leaving: Leaving, file: Path) -> None:
    arns = leaving.create("wayne", "active")
    who, clients = departing_of(leaving, "wayne"), leaving.clients_of(BREAK_GLASS)
    for days in (0, 29):
        leaving.aws.advance(days)
        with pytest.raises(DeletionRefused, match=r"from 20\d\d-\d\d-\d\d .* on: 30 days after its last use"):
            schedule(who, file, clients, say=quiet)
        assert [state(leaving, arn) for arn in arns.values()] == ["Disabled", "Disabled"]
    leaving.aws.advance(1)
    schedule(who, file, clients, say=quiet)
    assert [state(leaving, arn) for arn in arns.values()] == ["PendingReplicaDeletion", "PendingDeletion"]
    leaving.aws.advance(31)
    assert state(leaving, arns[HERE]) == "PendingDeletion", "a window of its own once the replica is gone"
    leaving.aws.advance(31)
    assert locate(who, read_evidence(file, who).keys, clients).metadata == ()


def test_nothing_is_scheduled_where_another_region_used_the_key_lately(leaving: Leaving, file: Path) -> None:
    arns = leaving.create("wayne", "active")
    leaving.aws.advance(31)
    open_to_root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"}, "Action": "kms:*"}
    opened = json.dumps({"Version": "2012-10-17", "Statement": [{**open_to_root, "Resource": "*"}]})
    leaving.client(DEPLOYER, "kms", THERE).put_key_policy(KeyId=arns[THERE], Policy=opened)
    leaving.client("", "kms", THERE).generate_data_key(KeyId=arns[THERE], KeySpec="AES_256")
    leaving.deploy("wayne", arns, "offboarding")
    who, clients = departing_of(leaving, "wayne"), leaving.clients_of(BREAK_GLASS)
    with pytest.raises(DeletionRefused, match=THERE):
        schedule(who, file, clients, say=quiet)
    assert [state(leaving, arn) for arn in arns.values()] == ["Disabled", "Disabled"]
    leaving.aws.advance(31)
    schedule(who, file, clients, say=quiet)
    leaving.aws.advance(62)


def test_a_tenant_whose_key_is_in_a_stack_is_not_scheduled(leaving: Leaving, key: dict[str, str], file: Path) -> None:
    who = replace(acme(leaving), phase="offboarding")
    with pytest.raises(DeletionRefused, match="--final --yes, and a deployment"):
        schedule(who, file, leaving.clients_of(BREAK_GLASS), say=quiet)
    assert state(leaving, key[HERE]) == "Disabled"
    assert not file.exists()


def test_shredding_deletes_all_materials_in_all_regions_and_only_the_import_role_may(
    leaving: Leaving, file: Path
) -> None:
    arns = leaving.create("umbrella", "offboarding")
    who, nothing = departing_of(leaving, "umbrella"), Evidence("umbrella", CENTRAL)
    for role in ROLES:
        if role != "UmbrellaImport":
            with pytest.raises(DeletionRefused if role != "GlobexImport" else Exception, match="AccessDenied"):
                shred(who, nothing, leaving.clients_of(role), say=quiet)
    clients = leaving.clients_of("UmbrellaImport")
    before = to_shred(who, nothing, clients)
    assert [(arn.split(":")[3], material.state) for arn, material in before] == [
        (HERE, "PENDING_ROTATION"),
        (THERE, "CURRENT"),
        (HERE, "CURRENT"),
    ]
    shred(who, nothing, clients, say=quiet)
    assert to_shred(who, nothing, clients) == []
    keys = read_keys(locate(who, (), leaving.clients_of(READER)), leaving.clients_of(READER))
    assert [(one.state, [each.imported for each in one.materials]) for one in keys] == [("PendingImport", [False])] * 2
    leaving.aws.advance(31)
    schedule(who, file, leaving.clients_of(BREAK_GLASS), say=quiet)
    assert [state(leaving, arn) for arn in arns.values()] == ["PendingReplicaDeletion", "PendingDeletion"]
    leaving.aws.advance(62)
    assert locate(who, arns.values(), leaving.clients_of(READER)).metadata == ()


@pytest.fixture
def others(leaving: Leaving) -> Iterator[str]:
    """wayne's key, unused for as long."""
    arns = leaving.create("wayne", "offboarding")
    leaving.aws.advance(31)
    yield arns[HERE]
    for region in arns:
        leaving.client(DEPLOYER, "kms", region).delete_alias(AliasName="alias/tenant-wayne")


def test_an_alias_that_was_re_pointed_leads_to_no_other_tenants_end(
    leaving: Leaving, key: dict[str, str], others: str, file: Path
) -> None:
    kms = leaving.client(DEPLOYER, "kms", HERE)
    kms.delete_alias(AliasName="alias/tenant-acme")
    kms.create_alias(AliasName="alias/tenant-acme", TargetKeyId=others.rpartition("/")[2])
    clients = leaving.clients_of(BREAK_GLASS)
    with pytest.raises(KeyMismatch, match="its tag tenant-keys:tenant is wayne, and this is about acme"):
        schedule(acme(leaving), file, clients, say=quiet)
    assert (state(leaving, others), state(leaving, key[HERE]), file.exists()) == ("Disabled", "Disabled", False)
    schedule(departing_of(leaving, "wayne"), file.with_name("wayne.json"), clients, say=quiet)
    with pytest.raises(KeyMismatch):
        cancel(acme(leaving), Evidence("acme", CENTRAL), clients, say=quiet)
    assert state(leaving, others) == "PendingReplicaDeletion"


def test_an_evidence_file_that_names_another_tenants_key_leads_to_nothing(
    leaving: Leaving, key: dict[str, str], others: str, file: Path
) -> None:
    clients = leaving.clients_of(READER)
    theirs = read_keys(locate(departing_of(leaving, "wayne"), (), clients), clients)
    write_evidence(file, Evidence("acme", CENTRAL).with_found(theirs, ()))
    with pytest.raises(KeyMismatch, match="is wayne, and this is about acme"):
        schedule(acme(leaving), file, leaving.clients_of(BREAK_GLASS), say=quiet)
    assert (state(leaving, others), state(leaving, key[HERE])) == ("Disabled", "Disabled")
    with pytest.raises(EvidenceUnusable, match=r"account 111111111111; wanted are .* tenant wayne"):
        schedule(departing_of(leaving, "wayne"), file, leaving.clients_of(BREAK_GLASS), say=quiet)


def test_a_certificate_leaves_out_no_region_whose_evidence_was_lost(leaving: Leaving, file: Path) -> None:
    """The replica is gone already when the evidence is written anew."""
    leaving.create("wayne", "offboarding")
    leaving.aws.advance(31)
    who, clients = departing_of(leaving, "wayne"), leaving.clients_of(BREAK_GLASS)
    schedule(who, file, clients, say=quiet)
    leaving.aws.advance(31)
    file.unlink()
    schedule(who, file, clients, say=quiet)
    leaving.aws.advance(31)
    recorded = read_evidence(file, who)
    located = locate(who, recorded.keys, clients)
    assert [arn.split(":")[3] for arn in located.gone] == [HERE]
    complete = recorded.with_found((), look_up(possible_arns(who, located.gone), clients))
    write_evidence(file, complete)
    with pytest.raises(DeletionRefused, match=r"AWS KMS deleted arn:aws:kms:eu-central-1:.* too"):
        certify(who, located, complete, evidence_file=file, now=datetime(2027, 9, 1, tzinfo=UTC))


@pytest.mark.parametrize("change", ['"arn"', '"last_use"', '"events"', "}"])
def test_a_damaged_evidence_file_is_named_and_nothing_is_done(
    leaving: Leaving, key: dict[str, str], file: Path, change: str
) -> None:
    clients = leaving.clients_of(READER)
    found = read_keys(locate(acme(leaving), (), clients), clients)
    file.write_text(Evidence("acme", CENTRAL).with_found(found, ()).text().replace(change, '"other"'))
    with pytest.raises(EvidenceUnusable, match=r"acme\.evidence\.json: damaged"):
        schedule(acme(leaving), file, leaving.clients_of(BREAK_GLASS), say=quiet)
    assert state(leaving, key[HERE]) == "Disabled"


@pytest.mark.parametrize(
    ("tenant", "changes"),
    [
        ("acme", ["ScheduleKeyDeletion", "CancelKeyDeletion", "ScheduleKeyDeletion"]),
        ("umbrella", [*["DeleteImportedKeyMaterial"] * 3, *["ScheduleKeyDeletion"] * 2]),
    ],
)
def test_an_end_that_is_cut_after_any_change_is_finished_by_the_same_commands(
    leaving: Leaving, tmp_path: Path, tenant: str, changes: list[str]
) -> None:
    power = Power()
    cut_after = []
    for number in range(1, 100):
        found = live_and_cut(leaving, tenant, power, number, CHANGING, tmp_path, cancels=tenant == "acme")
        assert found.certified == {"acme": 1, "umbrella": 2}[tenant]
        if not found.after:
            break
        cut_after.append(found.after)
    assert cut_after[: len(changes)] == changes
    assert len(cut_after) == len(changes)


def ended(leaving: Leaving, file: Path) -> tuple[Departing, Located, Evidence]:
    """acme's key, deleted, with what was recorded of it."""
    who, clients = acme(leaving), leaving.clients_of(BREAK_GLASS)
    leaving.create("acme", "offboarding")
    leaving.aws.advance(31)
    schedule(who, file, clients, say=quiet)
    with pytest.raises(DeletionRefused, match=r"still has arn:.*PendingDeletion"):
        certify(
            who,
            locate(who, (), clients),
            read_evidence(file, who),
            evidence_file=file,
            now=datetime(2027, 3, 1, tzinfo=UTC),
        )
    leaving.aws.advance(31)
    recorded = read_evidence(file, who)
    return who, locate(who, recorded.keys, clients), recorded


def test_the_certificate_names_keys_events_and_limits_and_needs_the_event_of_the_deletion(
    leaving: Leaving, file: Path, tmp_path: Path
) -> None:
    who, located, recorded = ended(leaving, file)
    now = datetime(2027, 3, 1, tzinfo=UTC)
    with pytest.raises(DeletionRefused, match=r"no DeleteKey event of arn:aws:kms:eu-west-1.*--records FILE"):
        certify(who, located, recorded, evidence_file=file, now=now)
    with pytest.raises(DeletionRefused, match="no evidence of arn:aws:kms:eu-west-1"):
        certify(who, located, Evidence("acme", CENTRAL), evidence_file=file, now=now)
    complete = recorded.with_found((), look_up(located.gone, leaving.clients_of(BREAK_GLASS)))
    write_evidence(file, complete)
    found = certify(who, located, complete, evidence_file=file, now=now)
    (one,) = found["keys"]
    assert (one["arn"], one["kind"], one["region"]) == (located.gone[0], "single-Region", HERE)
    assert [len(material) for material in one["material_ids"]] == [64]
    assert one["last_use"]["operation"] == "GenerateDataKey"
    by = {name: one[name]["by"].rpartition("/")[0].rpartition("/")[2] for name in ("disabled", "scheduled")}
    assert by == {"disabled": DEPLOYER, "scheduled": "BreakGlass"}
    assert one["deleted"]["by"] == "AWS Internal"
    assert (found["tenant"], found["account"], found["absent_as_of"]) == ("acme", CENTRAL, "2027-03-01T00:00:00+00:00")
    assert "renders inaccessible" in found["scope"]
    assert not re.search(r"\b(erases|anonymi)", found["scope"])
    path, text = write_certificate(tmp_path / "acme.certificate.json", found)
    assert json.loads(path.read_text()) == found
    assert text.read_text() == readable(found)
    for said in (one["arn"], one["deleted"]["event_id"], found["evidence"]["sha256"], *found["not_covered"]):
        assert said in readable(found)


def test_records_of_the_trails_bucket_stand_in_for_an_event_history_that_ended(leaving: Leaving, file: Path) -> None:
    who, located, recorded = ended(leaving, file)
    events = leaving.client(BREAK_GLASS, "cloudtrail", HERE).lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": located.gone[0]}]
    )["Events"]
    bucket = file.with_name("trail.json")
    bucket.write_text(json.dumps({"Records": [json.loads(event["CloudTrailEvent"]) for event in events]}))
    leaving.aws.advance(91)
    assert look_up(located.gone, leaving.clients_of(BREAK_GLASS)) == []
    complete = recorded.with_found((), read_records(bucket, located.gone))
    write_evidence(file, complete)
    found = certify(who, located, complete, evidence_file=file, now=datetime(2027, 9, 1, tzinfo=UTC))
    assert found["keys"][0]["deleted"]["by"] == "AWS Internal"


def test_the_command_goes_from_the_edits_to_the_schedule_and_back(
    leaving: Leaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    arns = leaving.create("globex", "active")
    file = leaving.manifest.with_name("globex.evidence.json")

    def run(*arguments: str, role: str = BREAK_GLASS) -> Done:
        for name, value in leaving.aws.environment(credentials=leaving.credentials(role)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep the last role's credentials
        return tenant_keys("tenant", "offboard", "globex", *arguments, "--manifest", str(leaving.manifest))

    assert run("--yes").exit_code == 0
    leaving.deploy("globex", arns, "offboarding")
    shown: dict[str, Any] = json.loads(run("--json", role=READER).stdout)
    assert (shown["phase"], shown["keys"][0]["last_use"]["operation"]) == ("offboarding", "GenerateDataKey")
    assert (
        shown["next"][-1] == "when nobody misses it: tenant-keys tenant offboard globex --final --yes, and a deployment"
    )
    assert run("--final", "--yes").exit_code == 0
    leaving.aws.advance(31)
    dry = run()
    assert (dry.exit_code, "nothing is done; confirm with --yes" in dry.stderr) == (2, True)
    assert (state(leaving, arns[HERE]), file.exists()) == ("Enabled", False)
    kept = run("--shred", role="GlobexImport")
    assert (kept.exit_code, "would delete key material" in kept.stdout) == (2, True)
    done = run("--yes")
    assert done.exit_code == 0, done.output
    assert (state(leaving, arns[HERE]), file.exists()) == ("PendingDeletion", True)
    assert run("--cancel").exit_code == 2
    assert run("--cancel", "--yes", role=ADMIN).exit_code == 0
    assert state(leaving, arns[HERE]) == "Disabled"
