"""The places in which workloads run, with one thing broken: pods, services, certificates."""

from __future__ import annotations

from tools.mutants.binding_edits import (
    DEAD,
    INVENTORY,
    OBTAINS,
    PODS,
    PREMISES,
    STRANGER,
    gone,
    place_trust,
    with_properties,
)
from tools.mutants.mutant import (
    Expectation,
    Harmless,
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding_resource,
    change,
    setting,
)
from tools.mutants.original import CELL, PLACE, Body


def pods() -> list[Mutant]:
    """EKS Pod Identity and IAM roles for service accounts."""
    kind = "AWS::EKS::PodIdentityAssociation"

    def moved(name: str, **properties: object) -> Mutant:
        return Mutant(
            f"pods {name}",
            Refuted(INVENTORY, ("become", "tenant-keys-notes")),
            with_properties(PREMISES, kind, **properties),
        )

    planted = {"ClusterName": "main", "Namespace": "evil", "ServiceAccount": "notes"}
    notes = "arn:aws:iam::333333333333:role/tenant-keys-notes"
    return [
        moved("of another namespace", Namespace="default"),
        moved("of another service account", ServiceAccount="default"),
        moved("of another cluster", ClusterName="test"),
        Mutant(
            "pods of a second association",
            Refuted(INVENTORY, ("the pods evil/notes", "become")),
            adding_resource(PREMISES, kind, **planted, RoleArn=notes, DisableSessionTags=True),
        ),
        Mutant(
            "pods of a second association with the role of another workload",
            Refuted(INVENTORY, ("become", "tenant-keys-orders")),
            adding_resource(PLACE, kind, **planted, RoleArn="arn:aws:iam::222222222222:role/tenant-keys-orders"),
        ),
        Mutant(
            "pods of an association with an access role",
            Refuted(INVENTORY, ("become", "shared.billing")),
            adding_resource(
                PREMISES, kind, **planted, RoleArn="arn:aws:iam::111111111111:role/tenant-keys/billing/shared.billing"
            ),
        ),
        Mutant(
            "pods of an association with the role of an administrator",
            Refuted(INVENTORY, ("the pods evil/notes", "become", "KeyAdministrator")),
            adding_resource(CELL, kind, **planted, RoleArn="arn:aws:iam::111111111111:role/KeyAdministrator"),
        ),
        Mutant("pods without an association", Refuted(DEAD, ("no association", "notes")), gone(PREMISES, kind)),
        Mutant(
            "pods with session tags of EKS",
            Refuted(INVENTORY, ("session tags",)),
            with_properties(PREMISES, kind, DisableSessionTags=False),
        ),
        Mutant(
            "pods that get a second role",
            Refuted(INVENTORY, ("another role",)),
            with_properties(
                PREMISES, kind, TargetRoleArn="arn:aws:iam::111111111111:role/tenant-keys/billing/shared.billing"
            ),
        ),
        Mutant(
            "pods of a role without sts:TagSession",
            Refuted(DEAD, ("tenant-keys-notes",)),
            change(place_trust("notes"), Action="sts:AssumeRole"),
        ),
        Mutant(
            "pods of another account by aws:SourceAccount",
            Refuted(DEAD, ("tenant-keys-notes",)),
            change(place_trust("notes"), Condition={"StringEquals": {"aws:SourceAccount": STRANGER}}),
        ),
        Mutant(
            "pods of their own account by aws:SourceAccount",
            Harmless(),
            change(place_trust("notes"), Condition={"StringEquals": {"aws:SourceAccount": "333333333333"}}),
        ),
        Mutant(
            "pods with tokens for another audience",
            Refuted(DEAD, ("tenant-keys-mails",)),
            setting(place_trust("mails", PLACE), "StringEquals", f"{PODS}:aud", "other"),
        ),
        Mutant(
            "pods of another subject",
            Refuted(DEAD, ("tenant-keys-mails",)),
            setting(place_trust("mails", PLACE), "StringEquals", f"{PODS}:sub", "system:serviceaccount:x:mails"),
        ),
        # Tags and source identity come from claims of the token (IAM guide, id_session-tags and
        # id_credentials_temp_control-access_monitor), so from the issuer that is declared. Without these actions a
        # token that has such claims gets no session; with them, the same workload's. Conditions on tags and on
        # aws:SourceIdentity are tried with every value in any case: proved, and named as a change.
        *(
            Mutant(
                f"pods that may use {also}",
                LostSafeguard(("tenant-keys-mails: a new Allow", "sts:")),
                change(place_trust("mails", PLACE), Action=["sts:AssumeRoleWithWebIdentity", *also.split(" and ")]),
            )
            for also in (
                "sts:TagSession",
                "sts:SetSourceIdentity",
                "sts:TagSession and sts:SetSourceIdentity",
            )
        ),
        Mutant(
            "pods with tokens for another audience and azp",
            Refuted(OBTAINS, ("azp sts.amazonaws.com", "tenant-keys-mails")),
            lambda t: place_trust("mails", PLACE)(t)["Condition"].pop("StringEqualsIfExists"),
        ),
    ]


def services() -> list[Mutant]:
    """The compute service that becomes a workload's role."""
    ecs, lambda_ = place_trust("billing"), place_trust("orders", PLACE)
    return [
        Mutant(
            "tasks of a stranger's account",
            Refuted(DEAD, ("tenant-keys-billing",)),
            setting(ecs, "StringEquals", "aws:SourceAccount", STRANGER),
        ),
        Mutant(
            "tasks of two accounts",
            LostSafeguard(("an Allow without StringEquals aws:sourceaccount",)),
            setting(ecs, "StringEquals", "aws:SourceAccount", ["333333333333", STRANGER]),
        ),
        Mutant(
            "tasks of clusters elsewhere",
            Refuted(DEAD, ("tenant-keys-billing",)),
            setting(ecs, "ArnLike", "aws:SourceArn", "arn:aws:ecs:us-east-1:333333333333:*"),
        ),
        Mutant(
            "tasks of one Region alone",
            Refuted(DEAD, ("tenant-keys-billing",)),
            setting(ecs, "ArnLike", "aws:SourceArn", "arn:aws:ecs:eu-west-1:333333333333:*"),
        ),
        Mutant(
            "tasks with an external id",
            NotProvedBecause(("depends on sts:externalid",)),
            setting(ecs, "StringEquals", "sts:ExternalId", "x"),
        ),
        Mutant(
            "tasks that any service runs",
            Refuted(OBTAINS, ("the service lambda.amazonaws.com",)),
            change(ecs, Principal={"Service": ["ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]}),
        ),
        Mutant(
            "functions that EC2 runs",
            Refuted(DEAD, ("tenant-keys-orders",)),
            change(lambda_, Principal={"Service": "ec2.amazonaws.com"}),
        ),
        Mutant(
            "functions of a stranger's account",
            NotProvedBecause(("depends on", "aws:sourceaccount")),
            change(lambda_, Condition={"StringEquals": {"aws:SourceAccount": STRANGER}}),
        ),
        Mutant(
            "functions that are to be tagged",
            Refuted(DEAD, ("tenant-keys-orders",)),
            change(lambda_, Action="sts:TagSession"),
        ),
        Mutant(
            "functions until a date",
            NotProvedBecause(("depends on", "aws:currenttime")),
            change(lambda_, Condition={"DateLessThan": {"aws:CurrentTime": "2040-01-01"}}),
        ),
        Mutant(
            "instances with the role that breaks the glass",
            Refuted(INVENTORY, ("an instance profile", "KeyBreakGlass")),
            adding_resource(CELL, "AWS::IAM::InstanceProfile", Roles=["KeyBreakGlass"]),
        ),
        Mutant(
            "instances with a role that deploys a workload's account",
            Refuted(INVENTORY, ("an instance profile", "cdk-hnb659fds-cfn-exec-role-222222222222-eu-west-1")),
            adding_resource(
                PLACE, "AWS::IAM::InstanceProfile", Roles=["cdk-hnb659fds-cfn-exec-role-222222222222-eu-west-1"]
            ),
        ),
        Mutant(
            "instances with a role on which nothing depends",
            Harmless(),
            adding_resource(PLACE, "AWS::IAM::InstanceProfile", Roles=["bastion"]),
        ),
        Mutant(
            "a workload without its role",
            Refuted(DEAD, ("tenant-keys-billing", "is in no template")),
            lambda t: t.resources(PREMISES).pop("Rolebilling"),
        ),
    ]


def certificates() -> list[Mutant]:
    """IAM Roles Anywhere."""
    anchor, profile = "AWS::RolesAnywhere::TrustAnchor", "AWS::RolesAnywhere::Profile"
    other = "arn:aws:acm-pca:eu-west-1:333333333333:certificate-authority/99999999-2222-3333-4444-555555555555"
    bundle = {"SourceType": "CERTIFICATE_BUNDLE", "SourceData": {"X509CertificateData": "-----BEGIN"}}

    def sourced(name: str, source: Body, expected: Expectation) -> Mutant:
        return Mutant(f"a trust anchor {name}", expected, with_properties(PREMISES, anchor, Source=source))

    foreign = Refuted(OBTAINS, ("a holder of a certificate", "tenant-keys-premises"))
    return [
        sourced("with its own certificates", bundle, foreign),
        sourced(
            "of an authority that nobody declared",
            {"SourceType": "AWS_ACM_PCA", "SourceData": {"AcmPcaArn": other}},
            foreign,
        ),
        sourced(
            "with certificates beside the authority",
            {"SourceType": "AWS_ACM_PCA", "SourceData": {"AcmPcaArn": other, "X509CertificateData": "-----BEGIN"}},
            foreign,
        ),
        sourced(
            "that calls certificates an authority",
            {"SourceType": "CERTIFICATE_BUNDLE", "SourceData": {"AcmPcaArn": other}},
            foreign,
        ),
        Mutant(
            "a trust anchor switched off",
            Refuted(DEAD, ("tenant-keys-premises",)),
            with_properties(PREMISES, anchor, Enabled=False),
        ),
        Mutant(
            "a profile switched off",
            Refuted(DEAD, ("no enabled profile",)),
            with_properties(PREMISES, profile, Enabled=False),
        ),
        Mutant("a profile gone", Refuted(DEAD, ("no enabled profile",)), gone(PREMISES, profile)),
        Mutant(
            "a profile of another role",
            Refuted(INVENTORY, ("a profile of IAM Roles Anywhere", "tenant-keys-billing")),
            with_properties(
                PREMISES,
                profile,
                RoleArns=[
                    "arn:aws:iam::333333333333:role/tenant-keys-premises",
                    "arn:aws:iam::333333333333:role/tenant-keys-billing",
                ],
            ),
        ),
        Mutant(
            "a profile of a role of the key account",
            Refuted(INVENTORY, ("a profile of IAM Roles Anywhere", "KeyBreakGlass")),
            adding_resource(CELL, profile, Enabled=True, RoleArns=["arn:aws:iam::111111111111:role/KeyBreakGlass"]),
        ),
        *(
            Mutant(
                f"a {words} that does not say whether it is enabled",
                NotProvedBecause(("Enabled is missing",)),
                adding_resource(PREMISES, kind, Name="more", **more),
            )
            for words, kind, more in (
                ("profile", profile, {"RoleArns": ["arn:aws:iam::333333333333:role/tenant-keys-premises"]}),
                ("trust anchor", anchor, {"Source": bundle}),
            )
        ),
        Mutant(
            "certificates of another name",
            Refuted(DEAD, ("tenant-keys-premises",)),
            setting(place_trust("premises"), "StringEquals", "aws:PrincipalTag/x509Subject/CN", "other"),
        ),
        Mutant(
            "certificates without a source identity",
            Refuted(DEAD, ("tenant-keys-premises",)),
            change(place_trust("premises"), Action=["sts:AssumeRole", "sts:TagSession"]),
        ),
    ]
