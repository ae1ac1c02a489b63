"""How many IAM decisions a second, and what compiling a policy costs: `python tools/benchmarks/evaluator.py`.

The policies have the forms of this project: a key policy of 18 statements, the identity policy of an access role, a
trust policy with session tags. One process, one core.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from tenant_keys.review.iam import Policies, Policy, Principal, PrincipalKind, Request, authorize

CENTRAL, WORKLOAD = "111111111111", "222222222222"
KEY = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/11111111-aaaa-4aaa-8aaa-111111111111"
ROLE = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-acme.orders"
SHARED = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/shared.orders"
DEPLOY = f"arn:aws:iam::{CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{CENTRAL}-eu-west-1"
TRUSTED = f"arn:aws:iam::{WORKLOAD}:role/tenant-keys-orders"
USE = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
CRYPTOGRAPHIC = [*USE, "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:Sign", "kms:Verify", "kms:DeriveSharedSecret"]
ADMINISTRATION = {
    "Deploy": ["kms:PutKeyPolicy", "kms:TagResource", "kms:EnableKey", "kms:CreateAlias", "kms:DeleteAlias"],
    "Stop": ["kms:DisableKey"],
    "Destroy": ["kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"],
    "Material": ["kms:RotateKeyOnDemand", "kms:ImportKeyMaterial"],
    "Read": ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"],
}


def key_policy(tenant: str) -> dict[str, Any]:
    """A key policy as the app writes it."""

    def allow(sid: str, actions: list[str], condition: dict[str, Any]) -> dict[str, Any]:
        root = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
        return {"Sid": sid, "Effect": "Allow", "Principal": root, "Action": actions, "Resource": "*"} | {
            "Condition": condition
        }

    def deny(sid: str, actions: list[str], condition: dict[str, Any]) -> dict[str, Any]:
        return allow(sid, actions, condition) | {"Effect": "Deny", "Principal": {"AWS": "*"}}

    role = ROLE.replace("acme", tenant)
    statements = []
    for name, actions in ADMINISTRATION.items():
        statements.append(allow(f"Allow{name}", actions, {"ArnEquals": {"aws:PrincipalArn": [DEPLOY]}}))
        statements.append(deny(f"Deny{name}", actions, {"ArnNotEquals": {"aws:PrincipalArn": [DEPLOY]}}))
    tag, other = {"aws:PrincipalTag/tenant_id": tenant}, {"aws:PrincipalArn": [SHARED]}
    statements += [
        deny("DenyGrants", ["kms:CreateGrant", "kms:UpdateAlias"], {"Null": {"aws:PrincipalIsAWSService": "false"}}),
        allow("UseThroughTenantRole", USE, {"ArnEquals": {"aws:PrincipalArn": [role]}}),
        allow("UseThroughSharedRole", USE, {"ArnEquals": other, "StringEquals": tag}),
        deny("DenyUseByAnyoneElse", CRYPTOGRAPHIC, {"ArnNotEquals": {"aws:PrincipalArn": [role, SHARED]}}),
        deny("DenySharedRoleOfOtherTenant", CRYPTOGRAPHIC, {"ArnEquals": other, "StringNotEquals": tag}),
        deny("DenyOtherAlias", CRYPTOGRAPHIC, {"StringNotEquals": {"kms:RequestAlias": f"alias/tenant-{tenant}"}}),
        deny("DenyOtherContext", USE, {"StringNotEquals": {"kms:EncryptionContext:tenant_id": tenant}}),
        deny("DenyOutsideOrganization", CRYPTOGRAPHIC, {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


IDENTITY = {
    "Sid": "UseOwnTenantKey",
    "Effect": "Allow",
    "Action": USE,
    "Resource": f"arn:aws:kms:eu-west-1:{CENTRAL}:key/*",
    "Condition": {
        "StringEquals": {
            "kms:RequestAlias": "alias/tenant-${aws:PrincipalTag/tenant_id}",
            "kms:EncryptionContext:tenant_id": "${aws:PrincipalTag/tenant_id}",
        }
    },
}
TRUST = {
    "Sid": "TagTenant",
    "Effect": "Allow",
    "Principal": {"AWS": TRUSTED},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
    "Condition": {
        "StringLike": {"aws:RequestTag/tenant_id": "?*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["tenant_id"]},
    },
}
ASSUME = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": f"{ROLE.rpartition('/')[0]}/*"}


def _session(role_arn: str, account: str, tags: dict[str, str]) -> Principal:
    name = role_arn.rpartition("/")[2]
    arn = f"arn:aws:sts::{account}:assumed-role/{name}/i-1"
    return Principal(PrincipalKind.ROLE_SESSION, arn, account, role_arn, "o-a1b2c3d4e5", tags)


def _rate(name: str, work: Callable[[int], object], number: int) -> None:
    best = float("inf")
    for _ in range(5):
        start = perf_counter()
        for at in range(number):
            work(at)
        best = min(best, perf_counter() - start)
    print(f"{name:<58} {number / best:>12,.0f}/s {best / number * 1e6:>9.1f} µs")


def main() -> None:
    """Measure and print."""
    version = {"Version": "2012-10-17"}
    policies = Policies(
        identity=(Policy.parse(version | {"Statement": IDENTITY}, name="role", kind="identity"),),
        resource=Policy.parse(key_policy("acme"), name="key", kind="resource"),
    )
    context = {"kms:RequestAlias": "alias/tenant-acme", "kms:EncryptionContext:tenant_id": "acme"}
    shared = _session(SHARED, CENTRAL, {"tenant_id": "acme"})
    allowed = Request(shared, "kms:Decrypt", KEY, CENTRAL, context)
    other = Request(_session(SHARED, CENTRAL, {"tenant_id": "globex"}), "kms:Decrypt", KEY, CENTRAL, context)
    tagging = Request(
        _session(TRUSTED, WORKLOAD, {}),
        "sts:TagSession",
        SHARED,
        CENTRAL,
        {"aws:RequestTag/tenant_id": "acme", "aws:TagKeys": ("tenant_id",)},
    )
    trusting = Policies(
        identity=(Policy.parse(version | {"Statement": ASSUME}, name="workload", kind="identity"),),
        resource=Policy.parse(version | {"Statement": TRUST}, name="trust", kind="resource"),
    )
    if not (authorize(allowed, policies).allowed and authorize(tagging, trusting).allowed):
        raise SystemExit("the benchmark's own requests are not allowed")
    if authorize(other, policies).allowed:
        raise SystemExit("the benchmark's foreign request is allowed")
    _rate("decide: decrypt, allowed", lambda _: authorize(allowed, policies), 20_000)
    _rate("decide: decrypt of another tenant, denied", lambda _: authorize(other, policies), 20_000)
    _rate("decide: tag a session, allowed", lambda _: authorize(tagging, trusting), 20_000)
    _rate(
        "decide: decrypt, allowed, with the making of the request",
        lambda _: authorize(Request(shared, "kms:Decrypt", KEY, CENTRAL, context), policies),
        20_000,
    )
    documents = [key_policy(f"t{number}") for number in range(2_500)]  # five rounds of 500, none seen before
    unseen = iter(documents)
    _rate(
        f"compile a key policy of {len(documents[0]['Statement'])} statements, each of another tenant",
        lambda _: Policy.parse(next(unseen), name="key", kind="resource"),
        500,
    )


if __name__ == "__main__":
    main()
