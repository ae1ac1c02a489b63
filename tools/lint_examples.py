"""For each rule the statements, or documents, that break it and those that do not; written by hand.

A case is (kind, statement or document); a statement is wrapped into a document with a Version and gets a Sid.
"""

from __future__ import annotations

from typing import Any

ROOT = {"AWS": "arn:aws:iam::111111111111:root"}
KEY = "arn:aws:kms:eu-west-1:111111111111:key/*"
Case = tuple[str, dict[str, Any]]


def allow(**elements: object) -> dict[str, Any]:
    return {"Sid": "S", "Effect": "Allow", "Action": "kms:Decrypt", **elements}


def deny(**elements: object) -> dict[str, Any]:
    return {"Sid": "S", "Effect": "Deny", "Action": "kms:Decrypt", "Resource": KEY, **elements}


def use(condition: dict[str, Any], **elements: object) -> dict[str, Any]:
    return allow(Resource=KEY, Condition=condition, **elements)


def trust(condition: dict[str, Any], **elements: object) -> dict[str, Any]:
    actions = elements.pop("Action", ["sts:AssumeRole", "sts:TagSession"])
    return allow(Action=actions, Principal=ROOT, Condition=condition, **elements)


TAG_KEYS = {"ForAllValues:StringEquals": {"aws:TagKeys": ["tenant_id"]}}
ALIAS = {"kms:RequestAlias": "alias/tenant-acme"}
LAST_USE = {"NumericLessThanIfExists": {"kms:TrailingDaysWithoutKeyUsage": "30"}}

BREAKS: dict[str, list[Case]] = {
    "absent_key_allows": [
        ("trust", trust(TAG_KEYS)),
        ("trust", trust({"StringEquals": {"i.x:sub": "a"}, "StringEqualsIfExists": {"i.x:oaud": "a"}})),
        ("identity", use({"StringEqualsIfExists": ALIAS})),
        ("identity", use({"StringNotEqualsIfExists": ALIAS})),
        ("identity", use({"ForAllValues:StringEquals": {"kms:ResourceAliases": "alias/tenant-acme"}})),
        ("trust", trust({**TAG_KEYS, "Null": {"aws:TagKeys": "true"}})),
        ("trust", trust({**TAG_KEYS, "Null": {"aws:TagKeys": ["true", "false"]}})),
        ("trust", trust({**TAG_KEYS, "StringLikeIfExists": {"aws:RequestTag/tenant_id": "?*"}})),
        ("trust", trust({**TAG_KEYS, "StringNotLike": {"aws:RequestTag/tenant_id": "a"}})),
        ("trust", trust({**TAG_KEYS, "StringLike": {"aws:PrincipalTag/tenant_id": "?*"}})),
        (
            "trust",
            trust(
                {
                    "StringEqualsIfExists": {"aws:RequestTag/tenant_id": "acme"},
                    "ForAnyValue:StringEquals": {"aws:TagKeys": ["tenant_id", "other"]},
                }
            ),
        ),
    ],
    "condition_key_never_carried": [
        ("identity", use({"StringEquals": ALIAS}, Action="kms:CreateGrant")),
        ("identity", use({"StringEquals": ALIAS}, Action=["kms:Decrypt", "kms:UpdateAlias"])),
        ("identity", use({"StringEquals": {"kms:EncryptionContext:tenant_id": "acme"}}, Action="kms:DescribeKey")),
        ("key", deny(Condition={"StringNotEquals": ALIAS}, Action="kms:PutKeyPolicy", Principal="*")),
        ("identity", use({"StringEquals": ALIAS}, Action="kms:Decrypted")),
        ("identity", use({"StringEquals": ALIAS}, Action="kms:Put*")),
        ("identity", use({"StringEquals": ALIAS}, Action="kms:Nothing*")),
        ("identity", use({"StringEquals": {"idp.example.com:aud": "x"}})),
    ],
    "deny_never_fires": [
        (
            "key",
            deny(
                Condition={"StringEquals": {"aws:PrincipalTag/t": "a"}, "StringNotEquals": {"aws:PrincipalTag/t": "a"}}
            ),
        ),
        (
            "key",
            deny(
                Condition={
                    "StringEquals": {"aws:PrincipalTag/t": ["a", "b"]},
                    "StringNotEquals": {"aws:PrincipalTag/t": ["b", "c", "a"]},
                }
            ),
        ),
        ("key", deny(Condition={"StringEquals": ALIAS, "StringNotLike": {"kms:RequestAlias": "alias/*"}})),
        ("key", deny(Condition={"StringEquals": ALIAS, "StringLike": {"kms:RequestAlias": "alias/other-*"}})),
        ("key", deny(Condition={"StringEquals": ALIAS, "Null": {"kms:RequestAlias": "true"}})),
        ("key", deny(Condition={"StringLike": {"kms:RequestAlias": "alias/*"}, "Null": {"kms:RequestAlias": True}})),
    ],
    "duplicate_sid": [
        ("identity", {"Version": "2012-10-17", "Statement": [use({}), use({})]}),
    ],
    "every_resource_in_identity_allow": [
        ("identity", allow(Resource="*")),
        ("identity", allow(Resource=["*", KEY])),
        ("identity", allow(Resource="*", Condition={"StringEquals": ALIAS})),
        ("identity", allow(Resource="*", Action=["kms:ListAliases", "kms:Decrypt"])),
        ("identity", allow(Resource="*", Action="kms:List*")),
    ],
    "everyone_in_allow": [
        ("key", allow(Principal="*", Resource="*")),
        ("key", allow(Principal={"AWS": "*"}, Resource="*")),
        ("trust", allow(Principal={"AWS": ["arn:aws:iam::111111111111:root", "*"]}, Action="sts:AssumeRole")),
        ("trust", allow(Principal={"Federated": "*"}, Action="sts:AssumeRoleWithWebIdentity")),
    ],
    "identity_only_key_in_key_policy": [
        ("key", deny(Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tenant-acme"}})),
        ("key", deny(Condition={"StringEquals": {"aws:ResourceTag/tenant_id": "acme"}})),
    ],
    "inverted_element_in_allow": [
        ("identity", {"Sid": "S", "Effect": "Allow", "NotAction": "kms:Decrypt", "Resource": KEY}),
        ("identity", allow(NotResource=KEY)),
    ],
    "key_policy_allow_beyond_root": [
        ("key", allow(Principal={"AWS": "arn:aws:iam::111111111111:role/writer"}, Resource="*")),
        ("key", allow(Principal={"AWS": "arn:aws:iam::222222222222:root"}, Resource="*")),
        ("key", allow(Principal={"AWS": "222222222222"}, Resource="*")),
        ("key", allow(Principal={"AWS": "arn:aws:sts::111111111111:assumed-role/writer/session"}, Resource="*")),
        ("key", allow(Principal="*", Resource="*")),
        ("key", allow(Principal={"Service": "logs.amazonaws.com"}, Resource="*")),
        ("key", allow(Principal={"AWS": ["111111111111", "arn:aws:iam::111111111111:user/u"]}, Resource="*")),
    ],
    "last_use_holds_back_disabling": [
        ("key", deny(Action=["kms:ScheduleKeyDeletion", "kms:DisableKey"], Condition=LAST_USE)),
        ("key", deny(Action="kms:Disable*", Condition=LAST_USE)),
        ("identity", deny(Action="*", Condition={"NumericLessThanEquals": {"kms:trailingDaysWithoutKeyUsage": 90}})),
        (
            "identity",
            {"Sid": "S", "Effect": "Deny", "NotAction": "kms:Decrypt", "Resource": KEY, "Condition": LAST_USE},
        ),
    ],
    "missing_sid": [
        ("identity", {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}),
        ("identity", {"Sid": "", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}),
    ],
    "missing_version": [
        ("identity", {"Statement": [use({})]}),
        ("identity", {"Version": "2008-10-17", "Statement": [use({})]}),
    ],
    "multivalued_key_without_set_operator": [
        ("identity", use({"StringEquals": {"kms:ResourceAliases": "alias/tenant-acme"}})),
        ("trust", trust({"StringEquals": {"aws:TagKeys": "tenant_id"}})),
        ("key", deny(Condition={"StringNotEqualsIfExists": {"kms:EncryptionContextKeys": "tenant_id"}})),
    ],
    "not_principal": [
        ("key", deny(NotPrincipal=ROOT)),
        ("trust", allow(NotPrincipal={"AWS": ["*"]}, Action="sts:AssumeRole")),
    ],
    "set_operator_on_single_valued_key": [
        ("identity", use({"ForAllValues:StringEquals": {"kms:EncryptionContext:tenant_id": "acme"}})),
        ("identity", use({"ForAnyValue:StringEquals": ALIAS})),
        ("trust", trust({"ForAllValues:StringEquals": {"aws:RequestTag/tenant_id": "acme"}})),
    ],
    "short_arn_pattern": [
        ("key", deny(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::role/x"}})),
        ("key", deny(Condition={"ArnEquals": {"aws:PrincipalArn": "*"}})),
        ("key", deny(Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam:*:role/${aws:PrincipalTag/a:b}"}})),
        ("identity", allow(Resource="arn:aws:kms:*")),
        ("identity", deny(NotResource="arn:aws:kms:*", Resource=[])),
    ],
    "wildcard_beside_token": [
        ("identity", use({"StringLike": {"kms:RequestAlias": "alias/tenant-a*"}})),
        ("identity", use({"StringLike": {"kms:RequestAlias": "alias/tenant-acm?"}})),
        ("identity", use({"StringLike": {"kms:RequestAlias": "alias/tenant-*"}})),
        ("identity", use({"StringLike": {"kms:RequestAlias": "*/tenant-acme"}})),
        ("identity", use({"StringLike": {"kms:RequestAlias": "alias/tenant-${aws:PrincipalTag/tenant_id}*"}})),
        (
            "identity",
            use({"ForAnyValue:StringLike": {"kms:ResourceAliases": ["alias/tenant-acme", "alias/tenant-b*"]}}),
        ),
        ("identity", use({"StringLikeIfExists": {"aws:PrincipalTag/tenant_id": "a*"}})),
        ("key", deny(Condition={"StringNotLike": {"kms:RequestAlias": "alias/tenant-a*"}})),
        ("key", deny(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/o/tenant-a*"}})),
        (
            "key",
            deny(Condition={"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/o/tenant-acme-*"}}),
        ),
        ("identity", allow(Resource="arn:aws:kms:eu-west-1:111111111111:alias/tenant-a*")),
        ("identity", allow(Resource="arn:aws:iam::111111111111:role/x/${aws:PrincipalTag/tenant_id}*")),
        ("identity", allow(Resource="arn:aws:iam::111111111111:role/x/*${aws:PrincipalTag/tenant_id}")),
    ],
    "wildcard_inside_string_equals": [
        ("identity", use({"StringEquals": {"kms:RequestAlias": "alias/tenant-a*"}})),
        ("identity", use({"StringEquals": {"kms:RequestAlias": ["alias/tenant-a", "alias/tenant-b?"]}})),
        ("key", deny(Condition={"StringNotEquals": {"kms:RequestAlias": "alias/*"}})),
        ("trust", trust({"StringEquals": {"aws:RequestTag/tenant_id": "?*"}})),
        ("trust", trust({"StringEqualsIgnoreCase": {"aws:RequestTag/tenant_id": "*"}})),
        ("identity", use({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tenant-*"}})),
        ("identity", use({"StringEqualsIfExists": {"kms:RequestAlias": "alias/${aws:PrincipalTag/t}*"}})),
    ],
}

KEEPS: dict[str, list[Case]] = {
    "absent_key_allows": [
        ("trust", trust({"StringEquals": {"i.x:aud": "a"}, "StringEqualsIfExists": {"i.x:oaud": "a"}})),
        ("trust", trust({**TAG_KEYS, "Null": {"aws:TagKeys": "false"}})),
        ("trust", trust({**TAG_KEYS, "Null": {"aws:TagKeys": False}})),
        ("trust", trust({**TAG_KEYS, "StringLike": {"aws:RequestTag/tenant_id": "?*"}})),
        ("trust", trust({**TAG_KEYS, "StringEquals": {"AWS:REQUESTTAG/tenant_id": "${aws:PrincipalTag/tenant_id}"}})),
        ("trust", trust({**TAG_KEYS, "ForAnyValue:StringEquals": {"aws:TagKeys": "tenant_id"}})),
        (
            "trust",
            trust(
                {
                    "StringEqualsIfExists": {"aws:RequestTag/tenant_id": "acme"},
                    "ForAnyValue:StringEquals": {"aws:TagKeys": "tenant_id"},
                }
            ),
        ),
        (
            "identity",
            use(
                {
                    "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "tenant_id"},
                    "StringEquals": {"kms:EncryptionContext:tenant_id": "acme"},
                }
            ),
        ),
        ("key", deny(Condition={"StringNotEqualsIfExists": ALIAS})),
        ("key", deny(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": "x"}})),
        ("identity", use({"StringEquals": ALIAS})),
    ],
    "condition_key_never_carried": [
        ("identity", use({"StringEquals": ALIAS}, Action=["kms:Decrypt", "kms:DescribeKey", "KMS:encrypt"])),
        ("identity", use({"StringEquals": {"kms:EncryptionContext:tenant_id": "acme"}}, Action="kms:GenerateDataKey")),
        ("identity", use({"StringEquals": ALIAS}, Action="kms:GenerateDataKey*")),
        ("identity", use({"StringEquals": ALIAS}, Action="kms:*")),
        ("identity", use({"StringEquals": ALIAS}, Action="*")),
        ("key", deny(Condition={"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/a"}})),
        ("trust", trust({"StringLike": {"aws:RequestTag/tenant_id": "?*"}, **TAG_KEYS})),
        (
            "trust",
            trust(
                {"StringEquals": {"idp.example.com/realm:aud": "orders"}},
                Action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            ),
        ),
    ],
    "deny_never_fires": [
        ("key", deny(Condition={"StringNotEquals": ALIAS})),
        (
            "key",
            deny(
                Condition={
                    "StringEquals": {"aws:PrincipalTag/t": ["a", "b"]},
                    "StringNotEquals": {"aws:PrincipalTag/t": "a"},
                }
            ),
        ),
        (
            "key",
            deny(
                Condition={"StringEquals": {"aws:PrincipalTag/t": "a"}, "StringNotEquals": {"aws:PrincipalTag/u": "a"}}
            ),
        ),
        (
            "key",
            deny(
                Condition={"StringEquals": {"aws:PrincipalTag/t": "a"}, "StringNotEquals": {"aws:PrincipalTag/t": "A"}}
            ),
        ),
        (
            "key",
            deny(
                Condition={
                    "StringEquals": ALIAS,
                    "StringNotEquals": {"kms:RequestAlias": "alias/${aws:PrincipalTag/t}"},
                }
            ),
        ),
        ("key", deny(Condition={"StringEqualsIfExists": ALIAS, "Null": {"kms:RequestAlias": "true"}})),
        ("key", deny(Condition={"StringNotEquals": ALIAS, "Null": {"kms:RequestAlias": "true"}})),
        ("key", deny(Condition={"StringEquals": ALIAS, "Null": {"kms:RequestAlias": "false"}})),
        (
            "trust",
            deny(
                Condition={
                    "ForAnyValue:StringEquals": {"aws:TagKeys": "a"},
                    "ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"},
                }
            ),
        ),
        ("identity", use({"StringEquals": ALIAS, "StringNotEquals": ALIAS})),
    ],
    "duplicate_sid": [
        ("identity", {"Version": "2012-10-17", "Statement": [use({}), {**use({}), "Sid": "T"}]}),
        ("identity", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}, {"Effect": "Allow"}]}),
    ],
    "every_resource_in_identity_allow": [
        ("identity", allow(Resource=KEY)),
        ("identity", deny(Resource="*")),
        ("identity", allow(Resource="*", Action=["kms:ListAliases", "KMS:listkeys"])),
        ("key", allow(Resource="*", Principal=ROOT)),
        ("session", allow(Resource="*")),
    ],
    "everyone_in_allow": [
        ("key", allow(Principal=ROOT, Resource="*")),
        ("key", deny(Principal="*")),
        ("key", deny(Principal={"AWS": "*"})),
    ],
    "identity_only_key_in_key_policy": [
        ("identity", use({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tenant-acme"}})),
        ("identity", use({"StringEquals": {"aws:ResourceTag/tenant_id": "acme"}})),
        ("key", deny(Condition={"StringNotEquals": ALIAS})),
    ],
    "inverted_element_in_allow": [
        ("identity", allow(Resource=KEY)),
        ("identity", {"Sid": "S", "Effect": "Deny", "NotAction": "kms:Decrypt", "Resource": "*"}),
        ("identity", {"Sid": "S", "Effect": "Deny", "Action": "kms:Decrypt", "NotResource": KEY}),
    ],
    "key_policy_allow_beyond_root": [
        ("key", allow(Principal=ROOT, Resource="*")),
        ("key", allow(Principal={"AWS": "111111111111"}, Resource="*")),
        ("key", allow(Principal={"AWS": ["arn:aws-us-gov:iam::111111111111:root"]}, Resource="*")),
        ("key", deny(Principal="*")),
        ("trust", allow(Principal={"AWS": "arn:aws:iam::111111111111:role/writer"}, Action="sts:AssumeRole")),
    ],
    "last_use_holds_back_disabling": [
        ("key", deny(Action="kms:ScheduleKeyDeletion", Condition=LAST_USE)),
        ("key", deny(Action="kms:DisableKey", Condition={"ArnNotEquals": {"aws:PrincipalArn": "a"}})),
        ("key", deny(Action="kms:DisableKeyRotation", Condition=LAST_USE)),
        ("identity", allow(Action="kms:DisableKey", Resource=KEY, Condition=LAST_USE)),
        (
            "identity",
            {"Sid": "S", "Effect": "Deny", "NotAction": "kms:DisableKey", "Resource": KEY, "Condition": LAST_USE},
        ),
    ],
    "missing_sid": [("identity", use({}))],
    "missing_version": [("identity", {"Version": "2012-10-17", "Statement": use({})})],
    "multivalued_key_without_set_operator": [
        ("identity", use({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tenant-acme"}})),
        ("identity", use({"Null": {"kms:ResourceAliases": "false"}})),
        ("identity", use({"StringEquals": ALIAS})),
    ],
    "not_principal": [("key", deny(Principal="*"))],
    "set_operator_on_single_valued_key": [
        ("identity", use({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tenant-acme"}})),
        ("trust", trust(TAG_KEYS)),
        ("trust", trust({"ForAnyValue:StringEquals": {"idp.example.com:amr": "mfa"}})),
        ("identity", use({"StringEquals": ALIAS})),
    ],
    "short_arn_pattern": [
        ("key", deny(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/x"}})),
        ("key", deny(Condition={"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:role/${aws:PrincipalTag/x}"}})),
        ("key", deny(Condition={"StringLike": {"aws:PrincipalArn": "*"}})),
        ("key", allow(Resource="*", Principal=ROOT)),
        ("identity", allow(Resource="arn:aws:s3:::bucket")),
    ],
    "wildcard_beside_token": [
        ("identity", use({"StringEquals": {"kms:RequestAlias": "alias/tenant-${aws:PrincipalTag/tenant_id}"}})),
        ("identity", use({"StringLike": {"kms:RequestAlias": "alias/tenant-acme"}})),
        ("identity", use({"StringLike": {"kms:RequestAlias": "alias/tenant-a${*}"}})),
        ("trust", trust({"StringLike": {"aws:RequestTag/tenant_id": "?*"}})),
        ("trust", trust({"StringLike": {"aws:RequestTag/tenant_id": "*"}})),
        ("key", deny(Condition={"StringLike": {"kms:RequestAlias": "alias/tenant-a*"}})),
        (
            "key",
            deny(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/AWSReservedSSO_X_*"}}),
        ),
        ("identity", allow(Resource=KEY)),
        ("identity", allow(Resource="arn:aws:iam::111111111111:role/tenant-keys/orders/*")),
        ("identity", deny(Resource="arn:aws:kms:eu-west-1:111111111111:alias/tenant-*")),
    ],
    "wildcard_inside_string_equals": [
        ("identity", use({"StringEquals": {"kms:RequestAlias": "alias/tenant-a"}})),
        ("identity", use({"StringLike": {"kms:RequestAlias": "alias/tenant-a*"}})),
        ("identity", use({"StringEquals": {"kms:RequestAlias": "alias/tenant-a${*}${?}"}})),
        ("key", deny(Condition={"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/*"}})),
    ],
}
