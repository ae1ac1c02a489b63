"""What a declared call really has, what else is promised, and what the proof does not understand; by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

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
    setting,
)
from tools.mutants.original import CELL, CENTRAL, PLACE, REPLICA, Body, Templates, identity, trust

PREMISES = "tenant-keys-workload-333333333333-eu-west-1"
PROFILE, PODS = "AWS::RolesAnywhere::Profile", "AWS::EKS::PodIdentityAssociation"
LOGIN, OTHER, NAME = "login.example.com", "other.example.com", "sts:RoleSessionName"
EXPIRES = '[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2027-01-02T21:34:33.000Z"}}]'
INVENTORY, DEAD = Kind.INVENTORY, Kind.REFUSED
ALMA_DEAD, ORDERS_DEAD, PORTAL_DEAD = (Refuted(DEAD, (whose,)) for whose in ("alma", "alma.orders", "shared.portal"))
_Rows = list[tuple[str, Expectation, Edit]]
_Find = Callable[[Templates], Body]


def _own(templates: Templates) -> Body:
    return templates.role("alma")


def _billing(templates: Templates) -> Body:
    return templates.shared("billing")


def _portal(templates: Templates) -> Body:
    return trust(templates.shared("portal"))


def _orders(templates: Templates) -> Body:
    return trust(templates.role("alma"))


def _reading(templates: Templates) -> Body:
    return identity(templates.workload("orders"), "ReadOwnParameter")


def _allowing(find: _Find, action: object, resource: object = "*") -> Edit:
    allow = {"Sid": "Added", "Effect": "Allow", "Action": action, "Resource": resource}
    return lambda templates: find(templates)["Policies"][0]["PolicyDocument"]["Statement"].append(allow)


def _trusting(find: _Find, **statement: object) -> Edit:
    """One more statement of a trust policy, like the first but for these elements."""

    def edit(templates: Templates) -> None:
        role = find(templates)
        role["AssumeRolePolicyDocument"]["Statement"].append({**trust(role), "Sid": "Added", **statement})

    return edit


def _denied(action: object, condition: Body, tenant: str = "alma") -> Edit:
    return adding(tenant, Effect="Deny", Principal="*", Action=action, Condition=condition)


def _resource(stack: str, kind: str, **properties: object) -> Edit:
    def edit(templates: Templates) -> None:
        (body,) = (one for one in templates.resources(stack).values() if one["Type"] == kind)
        body["Properties"].update(properties)

    return edit


def _key(tenant: str, stack: str = CELL, **properties: object) -> Edit:
    return lambda templates: templates.key(tenant, stack)["Properties"].update(properties)


def _parameter(**properties: object) -> Edit:
    return lambda templates: templates.resources(PLACE)["Parameterorders"]["Properties"].update(properties)


def _tagged(find: _Find, name: str) -> Edit:
    return lambda templates: find(templates).setdefault("Tags", []).append({"Key": name, "Value": "alma"})


def _planned(templates: Templates) -> None:
    templates.key("alma")["Properties"]["Tags"].append({"Key": "plan", "Value": "standard"})


def _on_tag(condition: Body) -> Edit:
    def edit(templates: Templates) -> None:
        _planned(templates)
        _denied("kms:Decrypt", condition)(templates)

    return edit


def _one_name(templates: Templates) -> None:
    """A session name for the role, and another for its tags."""
    _trusting(lambda t: t.shared("billing"), Action="sts:TagSession", Condition=_named(templates, "alpha"))(templates)
    statement = trust(templates.shared("billing"))
    statement.update(Action="sts:AssumeRole", Condition=_named(templates, "bravo"))


def _named(templates: Templates, name: str) -> Body:
    condition: Body = trust(templates.shared("billing"))["Condition"]
    return {**condition, "StringEquals": {**condition.get("StringEquals", {}), NAME: name}}


def _profile_elsewhere(templates: Templates) -> None:
    resources = templates.resources(PREMISES)
    (name,) = (one for one, body in resources.items() if body["Type"] == PROFILE)
    moved = resources.pop(name)
    moved["Properties"]["RoleArns"] = ["arn:aws:iam::333333333333:role/tenant-keys-premises"]
    templates.resources("tenant-keys-workload-333333333333-eu-central-1")[name] = moved


def _tags_of_another(templates: Templates) -> None:
    condition = {"StringEquals": {f"{OTHER}:aud": "portal-keys"}}
    _trusting(lambda t: t.shared("portal"), Action="sts:TagSession", Condition=condition)(templates)
    _portal(templates)["Action"] = ["sts:AssumeRoleWithWebIdentity"]


def _unnamed(*words: str) -> NotProvedBecause:
    return NotProvedBecause(words)


def _added(action: str) -> LostSafeguard:
    return LostSafeguard((f"a new Allow ({action})",))


KEYS: Final = f"arn:aws:kms:*:{CENTRAL}:"
BYPASS = "kms:BypassPolicyLockoutSafetyCheck"
UNBYPASSED: Final[Body] = {"Bool": {BYPASS: "false"}}
BY_KIND: Final[Mapping[str, _Rows]] = {
    "an access role also allowed": [
        (
            "lambda:UpdateFunctionCode",
            _unnamed("alma.orders", "lambda:UpdateFunctionCode"),
            _allowing(_own, "lambda:UpdateFunctionCode"),
        ),
        ("ssm:SendCommand", _unnamed("alma.orders", "ssm:SendCommand"), _allowing(_own, "ssm:SendCommand")),
        ("kms:CreateKey", _unnamed("alma.orders", "kms:CreateKey"), _allowing(_own, "kms:CreateKey")),
        (
            "another parameter",
            _unnamed("tenant-keys-orders", "ssm:GetParameter"),
            _allowing(lambda t: t.workload("orders"), "ssm:GetParameter", "*"),
        ),
        ("grants of keys", _added("kms:CreateGrant"), _allowing(_own, "kms:CreateGrant", f"{KEYS}key/*")),
        (
            "logs of a workload",
            _added("logs:PutLogEvents"),
            _allowing(lambda t: t.workload("orders"), "logs:PutLogEvents"),
        ),
    ],
    "a token must": [
        ("have no subject", PORTAL_DEAD, setting(_portal, "Null", f"{LOGIN}:sub", "true")),
        ("be of another issuer", PORTAL_DEAD, setting(_portal, "Null", f"{OTHER}:sub", "false")),
        ("be of another issuer for tags", PORTAL_DEAD, _tags_of_another),
        (
            "be of one subject",
            _unnamed(f"depends on {LOGIN}:sub"),
            setting(_portal, "StringEquals", f"{LOGIN}:sub", "user-1"),
        ),
    ],
    "a resource with": [
        (
            "mapped attributes",
            _unnamed("AttributeMappings"),
            _resource(PREMISES, PROFILE, AttributeMappings=[{"CertificateField": "x509Subject", "MappingRules": []}]),
        ),
        (
            "instance properties required",
            _unnamed("RequireInstanceProperties"),
            _resource(PREMISES, PROFILE, RequireInstanceProperties=True),
        ),
        (
            "a session policy",
            _unnamed("ManagedPolicyArns"),
            _resource(PREMISES, PROFILE, ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]),
        ),
        ("a policy for pods", _unnamed(PODS, "Policy"), _resource(PREMISES, PODS, Policy="{}")),
        (
            "another Region than its anchor's",
            Refuted(DEAD, ("beside its trust anchor", "premises")),
            _profile_elsewhere,
        ),
        ("longer sessions", _unnamed("DurationSeconds"), _resource(PREMISES, PROFILE, DurationSeconds=43200)),
        ("shorter sessions", Harmless(), _resource(PREMISES, PROFILE, DurationSeconds=900)),
        (
            "no instance properties required",
            Harmless(),
            _resource(PREMISES, PROFILE, RequireInstanceProperties=False, AcceptRoleSessionName=False),
        ),
    ],
    "a session must": [
        (
            "have no name",
            ORDERS_DEAD,
            _trusting(_own, Effect="Deny", Principal="*", Condition={"StringLike": {NAME: "*"}}),
        ),
        ("have a name of one letter", ORDERS_DEAD, setting(_orders, "StringLike", NAME, "?")),
        ("have a name with a space", ORDERS_DEAD, setting(_orders, "StringEquals", NAME, "a b")),
        ("have two names", Refuted(DEAD, ("shared.billing",)), _one_name),
        ("have a name of a form", Harmless(), setting(_orders, "StringLike", NAME, "orders-*")),
        (
            "be asked for by TLS alone",
            ALMA_DEAD,
            _denied("kms:*", {"Bool": {"aws:SecureTransport": "true"}}),
        ),
        (
            "bypass a check",
            _unnamed(f"depends on {BYPASS.lower()}"),
            _denied("kms:PutKeyPolicy", UNBYPASSED),
        ),
    ],
    "a key": [
        ("without rotation", Refuted(INVENTORY, ("Rotation", "alma is off")), _key("alma", EnableKeyRotation=False)),
        ("rotated seldom", Refuted(INVENTORY, ("Rotation", "alma is 2560")), _key("alma", RotationPeriodInDays=2560)),
        ("deleted soon", Refuted(INVENTORY, ("Window", "alma is 7")), _key("alma", PendingWindowInDays=7)),
        (
            "deleted soon as a replica",
            Refuted(INVENTORY, ("Window", "gina is 7")),
            _key("gina", REPLICA, PendingWindowInDays=7),
        ),
        ("imported and rotated", Refuted(INVENTORY, ("Rotation", "hugo is 365")), _key("hugo", EnableKeyRotation=True)),
        ("of the default period", Harmless(), lambda t: t.key("alma")["Properties"].pop("RotationPeriodInDays")),
    ],
    "a parameter": [
        ("that expires", _unnamed("AWS::SSM::Parameter Policies"), _parameter(Tier="Advanced", Policies=EXPIRES)),
        (
            "that may not be read",
            Refuted(DEAD, ("tenant-keys-orders may not read",)),
            lambda t: _reading(t).update(Action="ssm:GetParameters"),
        ),
        (
            "that may not be read in one Region",
            Refuted(DEAD, ("tenant-keys-orders may not read", "eu-central-1")),
            lambda t: _reading(t).update(Resource=_reading(t)["Resource"][0]),
        ),
        ("of the dearer tier", Harmless(), _parameter(Tier="Advanced")),
    ],
    "a role tagged": [
        (
            "Tenant_ID",
            Refuted(INVENTORY, ("shared.billing", "tag")),
            _tagged(lambda t: t.shared("billing"), "Tenant_ID"),
        ),
        ("TENANT_ID", Refuted(INVENTORY, ("alma.orders", "tag")), _tagged(_own, "TENANT_ID")),
        ("tenant_Id", Refuted(INVENTORY, ("shared.portal", "tag")), _tagged(lambda t: t.shared("portal"), "tenant_Id")),
    ],
    "a Deny": [
        ("of all but roles", Harmless(), _denied("kms:Decrypt", {"StringNotLike": {"aws:userid": "AROA*:*"}})),
        ("of roles", ALMA_DEAD, _denied("kms:Decrypt", {"StringLike": {"aws:userid": "AROA*"}})),
        (
            "outside its organization",
            Harmless(),
            _denied("kms:Decrypt", {"StringNotEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}),
        ),
        ("of keys of another plan", Harmless(), _on_tag({"StringNotEquals": {"aws:ResourceTag/plan": "standard"}})),
        (
            "of keys of its plan",
            ALMA_DEAD,
            _on_tag({"StringEquals": {"aws:ResourceTag/plan": "standard"}}),
        ),
        ("beside an Allow on aliases", _added("kms:UpdateAlias"), _allowing(_own, "kms:UpdateAlias", f"{KEYS}alias/*")),
    ],
}
MUTANTS: Final = [
    Mutant(f"{kind} {name}", expected, edit) for kind, rows in BY_KIND.items() for name, expected, edit in rows
]
