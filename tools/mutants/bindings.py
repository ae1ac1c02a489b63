"""What binds a workload to its sessions: services, pods, certificates, providers and tokens; and the kind of a key."""

from __future__ import annotations

import json
from collections.abc import Callable

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import (
    Edit,
    Expectation,
    Harmless,
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    adding_resource,
    change,
    setting,
    together,
    turn,
)
from tools.mutants.original import CELL, PLACE, REPLICA, SHARED, Body, Templates, trust

INVENTORY, DEAD, OBTAINS = Kind.INVENTORY, Kind.REFUSED, Kind.OBTAINS_SESSION
PREMISES = "tenant-keys-workload-333333333333-eu-west-1"
LOGIN = "login.example.com"
PODS = "oidc.eks.eu-west-1.amazonaws.com/id/AB"
STRANGER = "444444444444"
ACCESS = "arn:aws:iam::111111111111:role/tenant-keys"


def _of_kind(templates: Templates, stack: str, kind: str) -> Body:
    """The properties of the one resource of a kind."""
    (body,) = (one for one in templates.resources(stack).values() if one["Type"] == kind)
    properties: Body = body["Properties"]
    return properties


def _with(stack: str, kind: str, **properties: object) -> Edit:
    return lambda templates: _of_kind(templates, stack, kind).update(properties)


def _gone(stack: str, kind: str) -> Edit:
    def edit(templates: Templates) -> None:
        resources = templates.resources(stack)
        for name in [name for name, body in resources.items() if body["Type"] == kind]:
            del resources[name]

    return edit


def _key(tenant: str, **properties: object) -> Edit:
    return lambda templates: templates.key(tenant)["Properties"].update(properties)


def _place(name: str, stack: str = PREMISES):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return lambda templates: trust(templates.resources(stack)[f"Role{name}"]["Properties"])


def _shared(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return lambda templates: trust(templates.shared(name))


def _default(templates: Templates) -> None:
    properties = templates.key("dora")["Properties"]
    for name in ("KeySpec", "KeyUsage", "Origin"):
        properties.pop(name, None)


def keys() -> list[Mutant]:
    """A key that cannot do what is declared."""

    def kind(name: str, tenant: str, word: str, **properties: object) -> Mutant:
        return Mutant(f"a key {name}", Refuted(INVENTORY, (word, f"tenant {tenant}")), _key(tenant, **properties))

    return [
        kind("of RSA", "dora", "KeySpec", KeySpec="RSA_4096"),
        kind("for HMACs", "dora", "KeySpec", KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"),
        kind("for signatures", "dora", "KeyUsage", KeyUsage="SIGN_VERIFY"),
        kind("for key agreement", "dora", "KeyUsage", KeyUsage="KEY_AGREEMENT"),
        kind("with imported material that nobody imports", "dora", "Origin", Origin="EXTERNAL"),
        kind("in a custom key store", "dora", "Origin", Origin="AWS_CLOUDHSM"),
        kind("with material of AWS for a tenant that imports", "hugo", "Origin", Origin="AWS_KMS"),
        kind("of several Regions for a tenant of one", "dora", "MultiRegion", MultiRegion=True),
        Mutant(
            "a replica disabled",
            Refuted(INVENTORY, ("the key is disabled",)),
            lambda t: t.key("gina", REPLICA)["Properties"].update(Enabled=False),
        ),
        Mutant("the kind of a key left to its default", Harmless(), _default),
        Mutant(
            "a check of KMS switched off",
            NotProvedBecause(("BypassPolicyLockoutSafetyCheck",)),
            _key("dora", BypassPolicyLockoutSafetyCheck=True),
        ),
    ]


def pods() -> list[Mutant]:
    """EKS Pod Identity and IAM roles for service accounts."""
    kind = "AWS::EKS::PodIdentityAssociation"

    def moved(name: str, **properties: object) -> Mutant:
        return Mutant(
            f"pods {name}", Refuted(INVENTORY, ("become", "tenant-keys-notes")), _with(PREMISES, kind, **properties)
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
        Mutant("pods without an association", Refuted(DEAD, ("no association", "notes")), _gone(PREMISES, kind)),
        Mutant(
            "pods with session tags of EKS",
            Refuted(INVENTORY, ("session tags",)),
            _with(PREMISES, kind, DisableSessionTags=False),
        ),
        Mutant(
            "pods that get a second role",
            Refuted(INVENTORY, ("another role",)),
            _with(PREMISES, kind, TargetRoleArn="arn:aws:iam::111111111111:role/tenant-keys/billing/shared.billing"),
        ),
        Mutant(
            "pods of a role without sts:TagSession",
            Refuted(DEAD, ("tenant-keys-notes",)),
            change(_place("notes"), Action="sts:AssumeRole"),
        ),
        Mutant(
            "pods of another account by aws:SourceAccount",
            Refuted(DEAD, ("tenant-keys-notes",)),
            change(_place("notes"), Condition={"StringEquals": {"aws:SourceAccount": STRANGER}}),
        ),
        Mutant(
            "pods of their own account by aws:SourceAccount",
            Harmless(),
            change(_place("notes"), Condition={"StringEquals": {"aws:SourceAccount": "333333333333"}}),
        ),
        Mutant(
            "pods with tokens for another audience",
            Refuted(DEAD, ("tenant-keys-mails",)),
            setting(_place("mails", PLACE), "StringEquals", f"{PODS}:aud", "other"),
        ),
        Mutant(
            "pods of another subject",
            Refuted(DEAD, ("tenant-keys-mails",)),
            setting(_place("mails", PLACE), "StringEquals", f"{PODS}:sub", "system:serviceaccount:x:mails"),
        ),
        # Tags and source identity come from claims of the token (IAM guide, id_session-tags and
        # id_credentials_temp_control-access_monitor), so from the issuer that is declared. Without these actions a
        # token that has such claims gets no session; with them, the same workload's. Conditions on tags and on
        # aws:SourceIdentity are tried with every value in any case: proved, and named as a change.
        *(
            Mutant(
                f"pods that may use {also}",
                LostSafeguard(("tenant-keys-mails: an Allow that was not there", "sts:")),
                change(_place("mails", PLACE), Action=["sts:AssumeRoleWithWebIdentity", *also.split(" and ")]),
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
            lambda t: _place("mails", PLACE)(t)["Condition"].pop("StringEqualsIfExists"),
        ),
    ]


def services() -> list[Mutant]:
    """The compute service that becomes a workload's role."""
    ecs, lambda_ = _place("billing"), _place("orders", PLACE)
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
        return Mutant(f"a trust anchor {name}", expected, _with(PREMISES, anchor, Source=source))

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
            _with(PREMISES, anchor, Enabled=False),
        ),
        Mutant(
            "a profile switched off", Refuted(DEAD, ("no enabled profile",)), _with(PREMISES, profile, Enabled=False)
        ),
        Mutant("a profile gone", Refuted(DEAD, ("no enabled profile",)), _gone(PREMISES, profile)),
        Mutant(
            "a profile of another role",
            Refuted(INVENTORY, ("a profile of IAM Roles Anywhere", "tenant-keys-billing")),
            _with(
                PREMISES,
                profile,
                RoleArns=[
                    "arn:aws:iam::333333333333:role/tenant-keys-premises",
                    "arn:aws:iam::333333333333:role/tenant-keys-billing",
                ],
            ),
        ),
        Mutant(
            "certificates of another name",
            Refuted(DEAD, ("tenant-keys-premises",)),
            setting(_place("premises"), "StringEquals", "aws:PrincipalTag/x509Subject/CN", "other"),
        ),
        Mutant(
            "certificates without a source identity",
            Refuted(DEAD, ("tenant-keys-premises",)),
            change(_place("premises"), Action=["sts:AssumeRole", "sts:TagSession"]),
        ),
    ]


def tokens() -> list[Mutant]:
    """The customers' identity provider."""
    provider = "AWS::IAM::OIDCProvider"
    portal = _shared("portal")

    def condition(name: str, expected: Expectation, operator: str, claim: str, value: object) -> Mutant:
        return Mutant(f"tokens {name}", expected, setting(portal, operator, f"{LOGIN}:{claim}", value))

    other = Refuted(OBTAINS, ("for audience", "azp portal-keys", "shared.portal"))
    return [
        Mutant(
            "tokens for another audience whose azp is the workload",
            other,
            lambda t: portal(t)["Condition"].pop("StringEqualsIfExists"),
        ),
        Mutant(
            "tokens of which only azp counts, as pattern",
            other,
            together(
                lambda t: portal(t)["Condition"].pop("StringEqualsIfExists"),
                setting(portal, "StringLike", f"{LOGIN}:aud", "portal-*"),
            ),
        ),
        condition("of two audiences beside azp", other, "StringEqualsIfExists", "oaud", ["portal-keys", "orders"]),
        condition(
            "of audiences by case beside azp", other, "StringEqualsIfExists", "oaud", ["portal-keys", "PORTAL-KEYS"]
        ),
        condition(
            "of two audiences",
            Refuted(OBTAINS, ("for audience orders", "shared.portal")),
            "StringEquals",
            "aud",
            ["portal-keys", "orders"],
        ),
        condition("for another audience alone", Refuted(DEAD, ("shared.portal",)), "StringEquals", "aud", "orders"),
        condition("that must have azp", Refuted(DEAD, ("shared.portal",)), "StringEquals", "oaud", "portal-keys"),
        condition("of one subject", Harmless(), "StringLike", "sub", "*"),
        Mutant(
            "tokens that may bring a source identity",
            LostSafeguard(("shared.portal: an Allow that was not there (sts:SetSourceIdentity)",)),
            change(portal, Action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]),
        ),
        condition(
            "after MFA",
            NotProvedBecause(("depends on login.example.com:amr",)),
            "ForAnyValue:StringEquals",
            "amr",
            "mfa",
        ),
        Mutant(
            "tokens without a provider",
            NotProvedBecause(("Ref Issuer",)),
            _gone(SHARED, provider),
        ),
        Mutant(
            "tokens of a provider without the audience",
            Refuted(DEAD, ("ClientIdList is without the audience",)),
            _with(SHARED, provider, ClientIdList=["other"]),
        ),
        Mutant(
            "tokens of a provider with one audience more",
            Refuted(INVENTORY, ("ClientIdList admits tokens of other",)),
            _with(SHARED, provider, ClientIdList=["portal-keys", "other"]),
        ),
        Mutant(
            "tokens of a provider of another address",
            Refuted(DEAD, ("the identity provider is in no template",)),
            _with(SHARED, provider, Url="https://evil.example.com"),
        ),
        Mutant(
            "tokens of one tenant alone",
            Refuted(DEAD, ("shared.portal", "for tenant")),
            setting(portal, "StringLike", "aws:RequestTag/tenant_id", "alma"),
        ),
        Mutant(
            "sessions of one tenant alone",
            Refuted(DEAD, ("shared.billing", "for tenant")),
            setting(_shared("billing"), "StringLike", "aws:RequestTag/tenant_id", "alma"),
        ),
        Mutant(
            "sessions of tenants that begin with a",
            Refuted(DEAD, ("shared.billing", "for tenant")),
            setting(_shared("billing"), "StringLike", "aws:RequestTag/tenant_id", "a*"),
        ),
        Mutant(
            "sessions with an external id",
            Refuted(DEAD, ("shared.billing",)),
            setting(_shared("billing"), "StringEquals", "sts:ExternalId", "x"),
        ),
        Mutant(
            # The service authorization reference lists the key for sts:AssumeRole, and not for sts:TagSession.
            "sessions and tags with a name",
            NotProvedBecause(("depends on a rule that AWS's documents leave open",)),
            setting(_shared("billing"), "StringLike", "sts:RoleSessionName", "?*"),
        ),
        Mutant(
            "sessions from a network",
            NotProvedBecause(("depends on", "aws:sourceip")),
            setting(_shared("billing"), "IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ),
        Mutant(
            "sessions of another organisation",
            Refuted(DEAD, ("shared.billing",)),
            turn(_shared("billing"), "StringEquals", "StringEquals", aws__PrincipalOrgID="o-zzzzzzzzzz"),
        ),
        Mutant(
            "sessions with a tag of their own",
            Refuted(DEAD, ("shared.billing",)),
            setting(_shared("billing"), "StringLike", "aws:RequestTag/team", "?*"),
        ),
    ]


def parameters() -> list[Mutant]:
    """What a workload is told of its roles and aliases."""
    far = "tenant-keys-workload-222222222222-eu-central-1"
    alias = "arn:aws:kms:eu-west-1:111111111111:alias/tenant-{tenant_id}"
    orders = "/tenant-keys/orders"

    def told(name: str, word: str, stack: str = PLACE, **changed: object) -> Mutant:
        return Mutant(
            f"a parameter {name}", Refuted(INVENTORY, ("the workload orders is told", word)), _told(stack, **changed)
        )

    def spelt(name: str, expected: Expectation, spell: Callable[[Body], str]) -> Mutant:
        return Mutant(f"a parameter {name}", expected, _spelt(spell))

    def planted(name: str, word: str, called: str) -> Mutant:
        return Mutant(
            f"a parameter {name}",
            Refuted(INVENTORY, (word, called)),
            adding_resource(PLACE, "AWS::SSM::Parameter", Name=called, Type="String", Value="{}"),
        )

    return [
        Mutant(
            "a parameter gone",
            Refuted(DEAD, (orders, "account 222222222222 in eu-west-1", "in no template")),
            lambda t: t.resources(PLACE).pop("Parameterorders"),
        ),
        Mutant(
            "a parameter gone in one Region",
            Refuted(DEAD, (orders, "in eu-central-1", "in no template")),
            lambda t: t.resources(far).pop("Parameterorders"),
        ),
        Mutant(
            "a parameter of another name",
            Refuted(DEAD, (orders, "in no template")),
            lambda t: t.resources(PLACE)["Parameterorders"]["Properties"].update(Name="/orders"),
        ),
        Mutant(
            "a parameter with another workload's value",
            Refuted(INVENTORY, (orders, "in eu-central-1", "workload 'mails'")),
            lambda t: _parameter(t, far).update(Value=t.resources(far)["Parametermails"]["Properties"]["Value"]),
        ),
        told("with another workload's role", "role_arn", role_arn=f"{ACCESS}/mails/tenant-{{tenant_id}}.mails"),
        told("with another tenant's role", "role_arn", role_arn=f"{ACCESS}/orders/tenant-bert.orders"),
        told("with another mode", "access 'session-tag'", far, access="session-tag"),
        told("with a version that equals 1 in Python alone", "version True", version=True),
        told("with one operation fewer", "operations", operations=["decrypt"]),
        told("without a name", "something else than", extra=1),
        told("with aliases of another account", "alias_arn", alias_arn=alias.replace("1111111:", "1111119:")),
        told("with one alias for all tenants", "alias_arn", alias_arn=alias.replace("{tenant_id}", "alma")),
        told("with aliases of another Region", "tenant alma", alias_arn=alias.replace("eu-west-1", "eu-central-1")),
        told("with aliases in a list", "alias_arn", alias_arn=[alias]),
        told(
            "with another tenant's alias for one",
            "tenant alma",
            exceptions={"alma": alias.replace("{tenant_id}", "bert")},
        ),
        told(
            "with an alias for a tenant of another workload",
            "'emil'",
            exceptions={"emil": alias.replace("{tenant_id}", "emil")},
        ),
        told("with the far alias of a replicated key", "tenant gina", far, exceptions={}),
        spelt(
            "with a name twice",
            Refuted(INVENTORY, (orders, "a name is there twice")),
            lambda body: json.dumps(body).replace("{", '{"access": "session-tag", ', 1),
        ),
        spelt("that is no JSON", Refuted(INVENTORY, (orders, "what is not understood")), lambda _: "orders"),
        spelt("spelt otherwise", Harmless(), lambda body: json.dumps(dict(sorted(body.items())), indent=1)),
        planted("twice", "twice in one Region", orders),
        planted("of a workload that is not declared", "does not declare there", "/tenant-keys/other"),
        planted("of a workload of another account", "does not declare there", "/tenant-keys/billing"),
        Mutant(
            "a parameter of something else",
            Harmless(),
            adding_resource(PLACE, "AWS::SSM::Parameter", Name="/shop/orders", Type="String", Value="{}"),
        ),
    ]


def _parameter(templates: Templates, stack: str) -> Body:
    properties: Body = templates.resources(stack)["Parameterorders"]["Properties"]
    return properties


def _told(stack: str, **changed: object) -> Edit:
    def edit(templates: Templates) -> None:
        properties = _parameter(templates, stack)
        properties["Value"] = json.dumps({**json.loads(properties["Value"]), **changed})

    return edit


def _spelt(spell: Callable[[Body], str]) -> Edit:
    def edit(templates: Templates) -> None:
        properties = _parameter(templates, PLACE)
        properties["Value"] = spell(json.loads(properties["Value"]))

    return edit


def circumstances() -> list[Mutant]:
    """A Deny on what neither the caller of a declared use nor the manifest decides."""

    def denied(name: str, expected: Expectation, condition: Body, tenant: str = "alma", stack: str = CELL) -> Mutant:
        uses = ["kms:Decrypt", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        return Mutant(
            f"a Deny of use {name}",
            expected,
            adding(tenant, stack, Effect="Deny", Principal="*", Action=uses, Condition=condition),
        )

    region, kind = "aws:RequestedRegion", "kms:MultiRegionKeyType"
    return [
        denied("in the key's own Region", Refuted(DEAD, ("alma",)), {"StringEquals": {region: "eu-west-1"}}),
        denied("outside another Region", Refuted(DEAD, ("alma",)), {"StringNotEquals": {region: "eu-central-1"}}),
        denied("in Regions of a pattern", Refuted(DEAD, ("alma",)), {"StringLike": {region: "eu-*"}}),
        denied(
            "of a replica in its Region",
            Refuted(DEAD, ("gina", "in eu-central-1")),
            {"StringEquals": {region: "eu-central-1"}},
            "gina",
            REPLICA,
        ),
        denied("outside the key's own Region", Harmless(), {"StringNotEquals": {region: "eu-west-1"}}),
        denied(
            "of a replica by its spec",
            Refuted(DEAD, ("gina", "in eu-central-1")),
            {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}},
            "gina",
            REPLICA,
        ),
        denied(
            "of a key of one Region by its part among several",
            NotProvedBecause(("depends on kms:multiregionkeytype",)),
            {"StringNotEquals": {kind: "PRIMARY"}},
        ),
        denied(
            "of one key for both sides",
            NotProvedBecause(("depends on kms:reencryptonsamekey",)),
            {"Bool": {"kms:ReEncryptOnSameKey": "true"}},
        ),
        Mutant(
            "tasks with a session name",
            NotProvedBecause(("depends on sts:rolesessionname",)),
            setting(_place("billing"), "StringEquals", "sts:RoleSessionName", "task"),
        ),
        Mutant(
            "functions in a Region of STS",
            NotProvedBecause(("depends on aws:requestedregion",)),
            change(_place("orders", PLACE), Condition={"StringEquals": {region: "eu-west-1"}}),
        ),
        Mutant(
            "functions by TLS",
            Harmless(),
            change(_place("orders", PLACE), Condition={"Bool": {"aws:SecureTransport": "true"}}),
        ),
    ]


MUTANTS = [*parameters(), *circumstances(), *keys(), *pods(), *services(), *certificates(), *tokens()]
