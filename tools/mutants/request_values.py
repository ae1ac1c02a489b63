"""Values of condition keys in statements of key policies."""

from __future__ import annotations

from tools.mutants.mutant import (
    Edit,
    Mutant,
    Refuted,
    adding,
    together,
    without,
)
from tools.mutants.original import CENTRAL, Body
from tools.mutants.request_statements import DECRYPT, OUTSIDER, ROOT, equals, not_proved_because, opened


def variables() -> list[Mutant]:
    """Policy variables of principals."""
    alias = "alias/tenant-carla"
    user = Refuted(OUTSIDER, (f"the user arn:aws:iam::{CENTRAL}:user/carla", "Decrypt"))
    return opened(
        [
            ("to the user of the tenant's name", user, equals("kms:RequestAlias", "alias/tenant-${aws:username}")),
            (
                "to the user of the tenant's name, by pattern",
                Refuted(OUTSIDER, ("the user", "Decrypt")),
                {"StringLike": {"kms:RequestAlias": "alias/*-${aws:username}"}},
            ),
            (
                "to the user of the tenant's name, by the context",
                not_proved_because("no classes are derived"),
                equals("kms:EncryptionContext:tenant_id", "${aws:username}"),
            ),
            (
                "to anyone who has the account as a tag",
                Refuted(OUTSIDER, (f"'home': '{CENTRAL}'", "Decrypt")),
                equals("aws:ResourceAccount", "${aws:PrincipalTag/home}"),
            ),
            (
                "to anyone who has the alias as a tag",
                Refuted(OUTSIDER, (f"'alias': '{alias}'", "Decrypt")),
                equals("kms:RequestAlias", "${aws:PrincipalTag/alias}"),
            ),
            (
                "to anyone who has the end of the alias as a tag",
                Refuted(OUTSIDER, ("'team': 'carla'", "Decrypt")),
                equals("kms:RequestAlias", "alias/tenant-${aws:PrincipalTag/team}"),
            ),
            (
                "to the account of the key, by a variable",
                Refuted(OUTSIDER, ("Decrypt",)),
                equals("aws:ResourceAccount", "${aws:PrincipalAccount}"),
            ),
            (
                "to anyone who has no tag, by the default of a variable",
                Refuted(OUTSIDER, ("Decrypt",)),
                equals("kms:RequestAlias", "${aws:PrincipalTag/alias, 'alias/tenant-carla'}"),
            ),
            (
                "to anyone who is called as the context says",
                Refuted(OUTSIDER, ("Decrypt",)),
                equals("kms:EncryptionContext:who", "${aws:PrincipalTag/who}"),
            ),
            ("by unique id", not_proved_because("aws:userid"), equals("kms:EncryptionContext:who", "${aws:userid}")),
            (
                "by the principal's ARN",
                not_proved_because("aws:principalarn"),
                equals("kms:RequestAlias", "${aws:PrincipalArn}"),
            ),
            ("by source address", not_proved_because("aws:sourceip"), equals("kms:RequestAlias", "${aws:SourceIp}")),
            (
                "by two tags of one session",
                not_proved_because("two properties of one session"),
                equals("aws:PrincipalTag/one", "${aws:PrincipalTag/other}"),
            ),
            (
                "by two variables in one value",
                not_proved_because("two policy variables"),
                equals("kms:RequestAlias", "${aws:PrincipalTag/a}${aws:PrincipalTag/b}"),
            ),
            (
                "by an account that a tag names",
                not_proved_because("the principal decides too"),
                equals("aws:PrincipalAccount", "${aws:PrincipalTag/home}"),
            ),
            ("by an escape", not_proved_because("an escape"), equals("kms:RequestAlias", "alias/tenant-carla${*}")),
            (
                "to anyone who has a tag of the key",
                Refuted(OUTSIDER, ("'of': 'tenant-keys'", "Decrypt")),
                equals("aws:ResourceTag/tenant-keys:project", "${aws:PrincipalTag/of}"),
            ),
            (
                "to the user of the Region's name",
                Refuted(OUTSIDER, ("user/eu-west-1", "Decrypt")),
                equals("aws:RequestedRegion", "${aws:username}"),
            ),
            (
                "to anyone who has a truth value as a tag",
                Refuted(OUTSIDER, ("'secure': 'true'", "Decrypt")),
                equals("aws:SecureTransport", "${aws:PrincipalTag/secure}"),
            ),
            (
                "by a type that a tag names",
                not_proved_because("the principal decides too"),
                equals("aws:PrincipalType", "${aws:PrincipalTag/kind}"),
            ),
            *(
                (
                    f"to anyone whose {variable} begins so, by the context",
                    not_proved_because("is compared with a key that has patterns"),
                    {
                        "StringEquals": {"kms:EncryptionContext:who": f"${{{variable}}}"},
                        "StringLike": {"kms:EncryptionContext:who": pattern},
                    },
                )
                for variable, pattern in (
                    ("aws:username", "s*"),
                    ("aws:PrincipalAccount", "9*"),
                    ("kms:CallerAccount", "*7"),
                    ("aws:PrincipalOrgID", "o-z*"),
                )
            ),
            (
                "to users whose name is a small number, by the context",
                not_proved_because("and by NumericLessThan"),
                {
                    "StringEquals": {"kms:EncryptionContext:who": "${aws:username}"},
                    "NumericLessThan": {"kms:EncryptionContext:who": "5"},
                },
            ),
            *(
                (
                    f"to anyone whose {key} is the id of a key",
                    not_proved_because("an id that AWS has yet to choose"),
                    {operator: {key: {"Ref": "Keydora"}}},
                )
                for operator, key in (
                    ("StringEquals", "aws:PrincipalTag/of"),
                    ("StringLike", "aws:username"),
                    ("StringEqualsIgnoreCase", "kms:EncryptionContext:of"),
                )
            ),
        ]
    ) + [
        Mutant(
            f"open to anyone who has the key's id as {variable}",
            not_proved_because("names a key by an id that AWS has yet to choose"),
            together(
                without("carla"),
                adding(
                    "carla",
                    Principal=ROOT,
                    Action=DECRYPT,
                    Resource=f"arn:aws:kms:eu-west-1:{CENTRAL}:key/${{{variable}}}",
                ),
            ),
        )
        for variable in ("aws:PrincipalTag/id", "aws:username", "aws:PrincipalTag/id, 'none'")
    ]


def values() -> list[Mutant]:
    """What a caller can send."""
    anyone = Refuted(OUTSIDER, ("Decrypt",))
    context = "kms:EncryptionContext:n"
    return [
        *opened(
            [
                ("below a number", anyone, {"NumericLessThan": {context: "5"}}),
                ("above a number", anyone, {"NumericGreaterThan": {context: "5"}}),
                ("at any other number", anyone, {"NumericNotEquals": {context: "5"}}),
                (
                    "between two numbers",
                    anyone,
                    {"NumericGreaterThan": {context: "1"}, "NumericLessThan": {context: "2"}},
                ),
                ("after a date", anyone, {"DateGreaterThan": {context: "2026-01-01"}}),
                ("on a date", anyone, {"DateEquals": {context: "2026-01-01T00:00:00+02:00"}}),
                ("before a date that the caller names", anyone, {"DateLessThan": {context: "2020-01-01"}}),
                ("if true", anyone, {"Bool": {context: "true"}}),
                ("if some bytes", anyone, {"BinaryEquals": {context: "YWI="}}),
                ("if an address", anyone, {"IpAddress": {context: "10.0.0.0/8"}}),
                ("from a network", anyone, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
                ("from outside a network", anyone, {"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
                ("through an endpoint", anyone, {"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
                ("with MFA", anyone, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
                ("to anyone who uses TLS", anyone, {"Bool": {"aws:SecureTransport": "true"}}),
                ("from today on", anyone, {"DateGreaterThan": {"aws:CurrentTime": "2026-06-01T00:00:00Z"}}),
                ("some day", anyone, {"DateGreaterThan": {"aws:EpochTime": "4102444800"}}),
                ("through a service", anyone, {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}),
                ("in one of two cases", anyone, {"StringEqualsIgnoreCase": {context: "Yes"}}),
                ("with any context", anyone, {"Null": {"kms:EncryptionContextKeys": "false"}}),
                ("with a key of the context", anyone, {"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "n"}}),
                (
                    "with no other key of the context",
                    anyone,
                    {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "n"}},
                ),
                ("of a symmetric key", anyone, {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}),
                ("of a key of one Region", anyone, {"Bool": {"kms:MultiRegion": "false"}}),
                ("of a key with material of AWS", anyone, {"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}}),
                ("of a key of the organization", anyone, {"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}),
                ("by a key of another service", not_proved_because("s3:prefix"), {"StringEquals": {"s3:prefix": "x"}}),
                (
                    "by a key that AWS does not have",
                    not_proved_because("aws:nosuchkey"),
                    {"StringEquals": {"aws:NoSuchKey": "x"}},
                ),
                (
                    "by numbers and patterns of one key",
                    not_proved_because("no classes of values"),
                    {"NumericLessThan": {context: "5"}, "StringLike": {context: "1*"}},
                ),
            ]
        ),
        Mutant(
            "three Denies that leave out what is no number",
            anyone,
            _denied_if(
                {"NumericLessThanEquals": {context: "5"}},
                {"NumericGreaterThan": {context: "5"}},
                {"Null": {context: "true"}},
            ),
        ),
        Mutant(
            "Denies that leave out what lies between two numbers",
            anyone,
            _denied_if(
                {"NumericLessThanEquals": {"aws:MultiFactorAuthAge": "5"}},
                {"NumericGreaterThanEquals": {"aws:MultiFactorAuthAge": "6"}},
                {"Null": {"aws:MultiFactorAuthAge": "true"}},
            ),
        ),
        Mutant(
            "Denies that leave out what is neither true nor false",
            anyone,
            _denied_if({"Bool": {context: "true"}}, {"Bool": {context: "false"}}, {"Null": {context: "true"}}),
        ),
        Mutant(
            "Denies that leave out what is no date",
            anyone,
            _denied_if(
                {"DateLessThan": {context: "2026-01-01"}},
                {"DateGreaterThanEquals": {context: "2026-01-01"}},
                {"Null": {context: "true"}},
            ),
        ),
    ]


def _denied_if(*conditions: Body) -> Edit:
    """Carla's key open to the account, but for what one of these conditions denies."""
    denials = [
        adding("carla", Sid=f"D{at}", Effect="Deny", Principal="*", Action="kms:*", Condition=condition)
        for at, condition in enumerate(conditions)
    ]
    return together(without("carla"), adding("carla", Principal=ROOT, Action=DECRYPT), *denials)
