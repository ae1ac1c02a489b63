"""`tenant-keys prove`, `can` and `who` as a reviewer uses them, on the estate and on a broken one."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from tenant_keys.cli import prove
from tenant_keys.cli.second_opinion import ask
from tenant_keys.manifest import Estate
from tenant_keys.review.proof import Proof, questions
from tenant_keys.review.proof import prove as proof_of
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tenant_keys.review.second_opinion import Opinion
from tests.command import tenant_keys
from tests.sampled import sampled
from tools.mutants.declared_calls import BY_KIND
from tools.mutants.mutant import Harmless, LostSafeguard, NotProvedBecause, Refuted, adding, together, without
from tools.mutants.original import CENTRAL, ROLES, Synthesized, Templates, identity, trust

Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def run(original: Synthesized) -> Run:
    """Run a command on an assembly; its exit code, and what it prints.

    Each assembly is proved once, reviewed once for questions about a tenant, and put to the second engine once.
    """
    opinions: dict[Path, Opinion] = {}
    proofs: dict[Path, Proof] = {}
    reviews: dict[tuple[Path, str | None], ReviewedEstate] = {}

    def ask_once(folder: Path, estate: Estate) -> Opinion:
        if folder not in opinions:
            opinions[folder] = ask(folder, estate)
        return opinions[folder]

    def prove_once(folder: Path, estate: Estate, *, with_safeguards: bool) -> Proof:
        assert not with_safeguards
        if folder not in proofs:
            proofs[folder] = proof_of(folder, estate)
        return proofs[folder]

    def review_once(folder: Path, estate: Estate, *, first: str | None) -> ReviewedEstate:
        if (folder, first) not in reviews:
            reviews[folder, first] = review_estate(folder, estate, first=first)
        return reviews[folder, first]

    @functools.cache
    def command(*arguments: str, folder: Path | None = None) -> tuple[int, str]:
        directory = str(folder or original.folder)
        where = [directory] if arguments[0] == "prove" else ["--dir", directory]
        manifest = str(original.folder.parent / "tenants.yaml")
        with (
            mock.patch.dict(os.environ, {"COLUMNS": "200"}),
            mock.patch.object(prove, "ask", ask_once),
            mock.patch.object(prove, "prove", prove_once),
            mock.patch.object(questions, "review_estate", review_once),
        ):
            done = tenant_keys(*arguments, *where, "--manifest", manifest)
        return done.exit_code, done.output

    return command


@pytest.fixture(scope="module")
def broken(original: Synthesized, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assembly in which bert's role and alma's key have lost what kept them apart."""
    templates = Templates(original.templates)
    root = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
    together(without("alma"), adding("alma", Principal=root, Action="kms:Decrypt"))(templates)
    del identity(templates.role("bert"))["Condition"]
    return original.write(templates, tmp_path_factory.mktemp("broken") / "cdk.out")


def test_a_proof_ends_with_zero(run: Run) -> None:
    code, reported = run("prove")
    assert code == 0
    assert reported.startswith("PROVED")


def test_a_refutation_ends_with_two_and_prints_a_request(run: Run, broken: Path) -> None:
    code, reported = run("prove", folder=broken)
    assert code == 2
    assert reported.startswith("REFUTED")
    for line in (
        "tenant bert through workload orders may Decrypt with the key of tenant alma in eu-west-1",
        f"  principal: arn:aws:sts::{CENTRAL}:assumed-role/tenant-bert.orders/any-session\n",
        "  action: kms:Decrypt\n",
        "  resource: alias/tenant-alma\n",
        "  decided by key policy of alma in eu-west-1: Added\n",
        "  decided by policy UseTenantKey of tenant-bert.orders: UseOwnTenantKey\n",
        "  fix: bind the statements above to this tenant",
    ):
        assert line in reported


def test_a_request_names_nothing_that_aws_has_yet_to_choose(run: Run, broken: Path) -> None:
    code, reported = run("prove", folder=broken)
    assert code == 2
    assert "  named by: KeyId=the key's id or ARN\n" in reported
    assert "unresolved!" not in reported
    assert "tenant-keys:cell" not in reported  # the app's own tags on its roles


def test_a_session_that_a_token_obtains_is_reported_as_sts_is_called(
    run: Run, original: Synthesized, tmp_path: Path
) -> None:
    templates = Templates(original.templates)
    provider = "oidc.eks.eu-west-1.amazonaws.com/id/AB"
    del trust(templates.workload("mails"))["Condition"]["StringEquals"][f"{provider}:sub"]
    code, reported = run("prove", folder=original.write(templates, tmp_path / "cdk.out"))
    assert code == 2
    for line in (
        f"  principal: arn:aws:iam::222222222222:oidc-provider/{provider}\n",
        "  action: sts:AssumeRoleWithWebIdentity\n",
        "  role: arn:aws:iam::222222222222:role/tenant-keys-mails\n",
        f"'{provider.lower()}:sub': 'any'",
        "  fix: let the trust policy name the place where the workload runs alone, a pod by audience and subject\n",
    ):
        assert line in reported


def test_a_refutation_for_machines_says_the_same(run: Run, broken: Path) -> None:
    code, reported = run("prove", "--json", folder=broken)
    document = json.loads(reported)
    assert (code, document["verdict"]) == (2, "refuted")
    worst = document["findings"][0]
    assert (worst["kind"], worst["tenant"]) == ("another tenant's session uses the key", "alma")
    assert worst["request"]["action"] == "kms:Decrypt"


def test_what_is_not_proved_ends_with_two(run: Run, original: Synthesized, tmp_path: Path) -> None:
    templates = Templates(original.templates)
    templates.resources(ROLES)["New"] = {"Type": "AWS::KMS::Grant", "Properties": {}}
    code, reported = run("prove", folder=original.write(templates, tmp_path / "cdk.out"))
    assert code == 2
    assert "NOT PROVED" in reported
    assert "AWS::KMS::Grant: the proof does not know what it grants" in reported


@pytest.mark.parametrize("kind", sampled(BY_KIND, each=3))
def test_a_mutant_of_each_kind_is_reported_by_the_command(
    run: Run, original: Synthesized, tmp_path: Path, kind: str
) -> None:
    name, expected, edit = next(row for row in BY_KIND[kind] if not isinstance(row[1], Harmless | LostSafeguard))
    assert isinstance(expected, Refuted | NotProvedBecause)
    templates = Templates(original.templates)
    edit(templates)
    code, reported = run("prove", folder=original.write(templates, tmp_path / "cdk.out"))
    assert code == 2, name
    assert reported.startswith(str(expected).upper()), name
    assert all(word in reported for word in expected.words), name


@pytest.mark.parametrize(
    ("question", "code", "reported"),
    [
        (("alma@orders", "Decrypt", "alma"), 0, "DecryptThroughTenantRole"),
        (("alma@orders", "kms:decrypt", "alias/tenant-alma"), 0, "UseOwnTenantKey"),
        (("alma@orders", "Decrypt", "bert"), 2, "DenyUseByAnyoneElse"),
        (("alma@orders", "Decrypt", "alma", "--by-key"), 2, "DenyOtherAlias"),
        (("alma@orders", "Decrypt", "alma", "--context", "tenant_id=bert"), 2, "DenyOtherContext"),
        (("emil@billing", "Decrypt", "emil"), 0, "DecryptThroughSharedRole"),
        (("emil@billing", "Decrypt", "emil", "--tag", "tenant_id=alma"), 2, "DenySharedRoleOfOtherTenant"),
        (("role/KeyBreakGlass", "ScheduleKeyDeletion", "alma"), 0, "ScheduleDeletion"),
        (("role/KeyAdministrator", "ScheduleKeyDeletion", "alma"), 2, "DenyScheduleDeletionByAnyoneElse"),
        ((f"arn:aws:iam::{CENTRAL}:root", "PutKeyPolicy", "alma"), 2, "DenyDeployByAnyoneElse"),
        ((f"arn:aws:iam::{CENTRAL}:user/bob", "Decrypt", "alma"), 2, "DenyUseByAnyoneElse"),
        ((f"arn:aws:sts::{CENTRAL}:federated-user/bob", "Decrypt", "alma"), 2, "DenyUseByAnyoneElse"),
        (("s3.amazonaws.com", "Decrypt", "alma"), 2, "DenyUseByAnyoneElse"),
        (("anonymous", "Decrypt", "alma"), 2, "as anybody"),
    ],
)
def test_a_question_is_answered_with_the_statement_that_decides(
    run: Run, question: tuple[str, ...], code: int, reported: str
) -> None:
    answered, text = run("can", *question)
    assert answered == code, text
    assert reported in text
    assert text.startswith("ALLOWED" if code == 0 else "EXPLICIT_DENY")


@pytest.mark.parametrize(
    ("question", "reported"),
    [
        (("ghost@orders", "Decrypt", "alma"), "ghost@orders: no tenant ghost"),
        (("alma@nowhere", "Decrypt", "alma"), "alma@nowhere: no workload nowhere; allowed:"),
        (("", "Decrypt", "alma"), "not a principal; allowed: tenant@workload"),
        (("@", "Decrypt", "alma"), "no tenant"),
        (("arn:root", "Decrypt", "alma"), "arn:root: not a principal"),
        (("arn:aws:iam:role/x", "Decrypt", "alma"), "not a principal"),
        (("arn:aws:iam::1:root", "Decrypt", "alma"), "not a principal"),
        (("role/", "Decrypt", "alma"), "not a principal"),
        (("role/a*", "Decrypt", "alma"), "not a principal"),
        (("alma@orders", "kms:*", "alma"), "not a KMS action on a key"),
        (("alma@orders", "s3:GetObject", "alma"), "not a KMS action on a key"),
        (("alma@orders", "Decrypt", "nobody"), "nobody: no such tenant"),
        (("alma@orders", "Decrypt", "alma", "--region", "us-east-1"), "no key in us-east-1"),
        (("alma@orders", "Decrypt", "alma", "--tag", "="), "expected name=value"),
        (("alma@orders", "Decrypt", "alma", "--tag", "a=1", "--tag", "a=2"), "a is given twice"),
        (("emil@billing", "Decrypt", "emil", "--tag", "Tenant_ID=x"), "it is there twice"),
        (("alma@orders", "Decrypt", "alma", "--context", "a=1", "--context", "A=2"), "it is there twice"),
        (("anonymous", "Decrypt", "alma", "--tag", "a=b"), "anonymous: carries no tags"),
    ],
)
def test_a_question_that_cannot_be_put_is_reported_in_a_sentence(
    run: Run, question: tuple[str, ...], reported: str
) -> None:
    code, text = run("can", *question)
    assert code == 1, text
    assert reported in text


def test_a_role_that_no_class_represents_is_judged_by_its_own_policy(run: Run, broken: Path) -> None:
    """All alike tenants' roles are in the templates, though two of them represent the rest in the proof."""
    assert run("can", "bert@orders", "Decrypt", "alma", folder=broken)[0] == 0
    for other in ("alma-two", "carla", "dora", "fred", "gina"):
        code, text = run("can", f"{other}@orders", "Decrypt", "alma", folder=broken)
        assert code == 2, other
        assert text.startswith("IMPLICIT_DENY")


def test_a_question_lists_the_names_of_its_encryption_context(run: Run, original: Synthesized, tmp_path: Path) -> None:
    """The request carries kms:EncryptionContextKeys beside the pairs (AWS KMS guide, conditions-kms)."""
    templates = Templates(original.templates)
    named = {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "purpose"}}
    adding("alma", Effect="Deny", Principal="*", Action="kms:Decrypt", Condition=named)(templates)
    folder = original.write(templates, tmp_path / "cdk.out")
    question = ("can", "alma@orders", "Decrypt", "alma", "--context", "tenant_id=alma")
    assert run(*question, folder=folder)[0] == 0
    code, text = run(*question, "--context", "purpose=mail", folder=folder)
    assert (code, text.startswith("EXPLICIT_DENY")) == (2, True), text


def test_an_unknown_policy_is_no_traceback(run: Run, original: Synthesized, tmp_path: Path) -> None:
    templates = Templates(original.templates)
    templates.statement("alma", "DenyOtherAlias")["Condition"] = {"StringSounds": {"kms:RequestAlias": "x"}}
    folder = original.write(templates, tmp_path / "cdk.out")
    for question in (("can", "alma@orders", "Decrypt", "alma"), ("who", "Decrypt", "alma")):
        code, text = run(*question, folder=folder)
        assert code == 2
        assert "DenyOtherAlias" in text or "StringSounds" in text


def test_who_lists_everybody_and_by_which_request(run: Run) -> None:
    code, text = run("who", "Decrypt", "alma", "--json")
    roles = {"orders": "tenant-alma", "billing": "shared", "portal": "shared"}
    assert code == 0
    holders = json.loads(text)
    assert len(holders) == len(roles)
    for holder in holders:
        assert holder["named_by"] == "alias/tenant-alma"
        assert holder["context"] == {"kms:encryptioncontext:tenant_id": "alma"}
        assert holder["statements"]
    central, work = "arn:aws:iam::111111111111:role", "arn:aws:iam::222222222222:role/tenant-keys-orders"
    assert [["the service lambda.amazonaws.com", work, f"{central}/tenant-keys/orders/tenant-alma.orders"]] in [
        holder["paths"] for holder in holders
    ]


def test_who_shows_each_hop(run: Run) -> None:
    code, text = run("who", "Decrypt", "lola")
    assert code == 0
    assert text.startswith("2 may Decrypt with the key of lola\n\ntenant lola through workload notes\n")
    authority = "333333333333:certificate-authority/11111111-2222-3333-4444-555555555555"
    holder = '  by way of: a holder of a certificate of common name "premises" issued by arn:aws:acm-pca:eu-west-1'
    hops = "333333333333 role/tenant-keys-premises → 111111111111 role/tenant-keys/premises/tenant-lola.premises\n"
    assert f"{holder}:{authority} → {hops}" in text


def test_who_says_so_where_nobody_may(run: Run) -> None:
    assert run("who", "UpdateAlias", "alma") == (0, "nobody may UpdateAlias with the key of alma\n")
    assert run("who", "Decrypt", "jan") == (0, "nobody may Decrypt with the key of jan\n")


def test_a_second_opinion_finds_by_another_method_what_the_proof_finds(run: Run, broken: Path) -> None:
    code, reported = run("prove", "--second-opinion", folder=broken)
    assert code == 2
    assert "SECOND OPINION: REFUTED" in reported
    assert "tenant-bert.orders, kms:decrypt: the key of tenant alma in eu-west-1" in reported
    assert "the evaluator says allowed" in reported


def test_a_second_opinion_is_part_of_the_proof_as_json(run: Run, broken: Path) -> None:
    code, reported = run("prove", "--second-opinion", "--json", folder=broken)
    opinion = json.loads(reported)["second_opinion"]
    assert code == 2
    assert opinion["verdict"] == "refuted"
    assert {"tenant": "alma", "evaluator": "allowed"}.items() <= opinion["breaches"][0].items()
    assert opinion["unanswered"] == []
    assert opinion["tenants"] == 13
