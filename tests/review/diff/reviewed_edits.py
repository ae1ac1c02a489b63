"""Edits that need a review, that are blocked, or that are notes, with the words of the change."""

from __future__ import annotations

from tests.review.diff.effects import (
    ALIAS,
    ALL,
    ASSOCIATION,
    CELL,
    CONTROL,
    GUARDRAILS,
    LOST,
    OTHER_KEY,
    PLACE,
    PREMISES,
    RCP,
    ROLES,
    SCP,
    SHARED,
    UNUSED,
    WAIT,
    Edit,
    added,
    artifact,
    condition,
    control,
    deny,
    identity,
    only,
    policy,
    properties,
    removed,
    resource,
    statement,
    together,
    trust,
    use_own,
    without_property,
)

REVIEW: dict[str, tuple[Edit, str]] = {
    # name: what is done, and parts of the sentence, between bars
    "a control policy attached elsewhere too, with a statement less": (
        resource(
            GUARDRAILS,
            SCP,
            lambda one: [
                one["Properties"]["TargetIds"].insert(0, "222222222222"),
                one["Properties"]["Content"]["Statement"].pop(),
            ],
        ),
        "Content of policy of the organization",
    ),
    "a control policy that denies all of SNS in place of what is named": (
        control(SCP, "KeepTopic", lambda one: one.update(Action="sns:*")),
        "Content of policy of the organization",
    ),
    # A control policy that stops less than before.
    "a control policy that lets one role more delete": (
        control(SCP, "KeepDeletion", lambda one: one["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append("*")),
        "service control policy of 111111111111: no Deny|as strict as KeepDeletion was|ScheduleKeyDeletion",
    ),
    "a control policy that no longer keeps the topic": (
        control(SCP, "KeepTopic", lambda one: one["Action"].remove("sns:DeleteTopic")),
        "service control policy of 111111111111: no Deny|as strict as KeepTopic was|(sns:DeleteTopic)",
    ),
    "a control policy for another organization": (
        control(
            RCP,
            "DenyUseFromOutside",
            lambda one: one["Condition"]["StringNotEquals"].update({"aws:PrincipalOrgID": "o-zzzzzzzzzz"}),
        ),
        "resource control policy of 111111111111: no Deny|DenyUseFromOutside|o-zzzzzzzzzz",
    ),
    "a control policy attached to nothing": (
        properties(GUARDRAILS, RCP, TargetIds=[]),
        "TargetIds of policy of the organization tenant-keys-111111111111-rcp",
    ),
    # A Deny that stops less than before.
    "a shorter wait before a deletion": (
        condition(WAIT, "NumericLessThanIfExists", UNUSED, "7"),
        f"no Deny NumericLessThanIfExists {UNUSED.lower()} as strict as {WAIT} was|(kms:ScheduleKeyDeletion)",
    ),
    "a wait only where KMS tells the last use": (
        statement(WAIT, lambda one: one.update(Condition={"NumericLessThan": {UNUSED: "30"}})),
        f"no Deny NumericLessThanIfExists {UNUSED.lower()} as strict as {WAIT} was",
    ),
    "no wait before a deletion": (only(lambda all_: [one for one in all_ if one["Sid"] != WAIT]), f"{ALL}|{WAIT}"),
    "a Deny on another key": (deny(ALIAS, Resource=OTHER_KEY), LOST),
    "a Deny on no key at all": (deny(ALIAS, Resource="arn:aws:s3:::bucket/*"), LOST),
    "a Deny on all but everything": (
        statement(ALIAS, lambda one: one.update(NotResource="*") or one.pop("Resource")),
        LOST,
    ),
    "a Deny on all but keys": (
        statement(ALIAS, lambda one: one.update(NotResource="arn:aws:kms:*:*:key/*") or one.pop("Resource")),
        LOST,
    ),
    "a Deny of another action": (deny(ALIAS, Action="kms:ListAliases"), LOST),
    "a Deny of one action less": (
        statement(ALIAS, lambda one: one["Action"].remove("kms:Dec*")),
        LOST + "|(kms:Decrypt)",
    ),
    "a Deny of all actions but its own": (
        statement(ALIAS, lambda one: one.update(NotAction=one.pop("Action"))),
        LOST,
    ),
    "a Deny of one principal": (deny(ALIAS, Principal={"AWS": "arn:aws:iam::999999999999:root"}), LOST),
    "a Deny of AWS principals, and in doubt of no service": (
        deny(ALIAS, Principal={"AWS": "*"}),
        LOST + ', such as where the principal is a service, which {"AWS": "*"} may not name (',
    ),
    "a Deny of a service": (deny(ALIAS, Principal={"Service": "s3.amazonaws.com"}), LOST),
    "a Deny of all but everybody": (
        statement(ALIAS, lambda one: one.update(NotPrincipal="*") or one.pop("Principal")),
        LOST,
    ),
    "a Deny of all but every AWS principal": (
        statement(ALIAS, lambda one: one.update(NotPrincipal={"AWS": "*"}) or one.pop("Principal")),
        LOST,
    ),
    "a Deny under a key that is never there": (
        condition(ALIAS, "StringEquals", "kms:EncryptionContext:never", "x"),
        LOST,
    ),
    "a Deny under two conditions that exclude each other": (
        condition(ALIAS, "StringEquals", "kms:RequestAlias", "alias/tenant-acme"),
        LOST,
    ),
    "a Deny of requests that must and must not name an alias": (
        condition(ALIAS, "Null", "kms:RequestAlias", "true"),
        LOST,
    ),
    "a Deny that spares one alias more": (
        condition(ALIAS, "StringNotEquals", "kms:RequestAlias", ["alias/tenant-acme", "alias/other"]),
        LOST + "|kms:requestalias is alias/other",
    ),
    "a Deny that spares aliases by a pattern": (
        statement(
            ALIAS, lambda one: one.update(Condition={"StringNotLike": {"kms:RequestAlias": "alias/tenant-acm?"}})
        ),
        LOST,
    ),
    "a Deny that spares aliases whatever their case": (
        statement(
            ALIAS,
            lambda one: one.update(Condition={"StringNotEqualsIgnoreCase": {"kms:RequestAlias": "alias/tenant-acme"}}),
        ),
        LOST,
    ),
    "a Deny that asks for the alias instead": (
        statement(ALIAS, lambda one: one.update(Condition={"StringEquals": {"kms:RequestAlias": "alias/tenant-acme"}})),
        LOST,
    ),
    "a Deny that a request without alias escapes": (
        condition(ALIAS, "Null", "kms:RequestAlias", "false"),
        LOST + "|kms:requestalias is absent",
    ),
    "a Deny over every value, of which there may be none": (
        statement(
            ALIAS,
            lambda one: one.update(
                Condition={"ForAnyValue:StringNotEquals": {"kms:RequestAlias": "alias/tenant-acme"}}
            ),
        ),
        LOST,
    ),
    "a Deny for plain calls alone": (condition(ALIAS, "Bool", "aws:SecureTransport", "false"), LOST),
    "a Deny until a date": (condition(ALIAS, "DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"), LOST),
    "a Deny from one address": (condition(ALIAS, "IpAddress", "aws:SourceIp", "10.0.0.1/32"), LOST),
    "a Deny that became an Allow": (deny(ALIAS, Effect="Allow"), LOST),
    "a Deny of variables in a policy of 2008": (
        together(
            policy(lambda document: document.update(Version="2008-10-17")),
            condition(ALIAS, "StringNotEquals", "kms:RequestAlias", "alias/tenant-${aws:PrincipalTag/tenant_id}"),
        ),
        ALL,
    ),
    "a redundant Deny gone": (only(lambda all_: [one for one in all_ if one["Sid"] != "DenyOutsideOrganization"]), ALL),
    "a role more spared": (
        statement(
            "DenyUseByAnyoneElse",
            lambda one: next(iter(one["Condition"].values()))["aws:PrincipalArn"].append(
                "arn:aws:iam::111111111111:role/more"
            ),
        ),
        f"{ALL} ArnNotEquals aws:principalarn as strict as DenyUseByAnyoneElse was|principalarn is arn:aws:iam::1111",
    ),
    # An Allow that allows more.
    "an Allow without its alias": (
        use_own(lambda one: one["Condition"]["StringEquals"].pop("kms:RequestAlias")),
        "an Allow without StringEquals kms:requestalias as strict as before",
    ),
    "an Allow on every key": (
        use_own(lambda one: one.update(Resource="*")),
        "an Allow to more principals or resources",
    ),
    "an Allow on all but one key": (
        use_own(lambda one: one.update(NotResource=OTHER_KEY) or one.pop("Resource")),
        "an Allow to more principals or resources",
    ),
    "an Allow that absence satisfies": (
        use_own(lambda one: one["Condition"].update(StringEqualsIfExists=one["Condition"].pop("StringEquals"))),
        "identity policy of the role of orders: an Allow",
    ),
    "an Allow of one action more": (
        identity(lambda document: document["Statement"][0].update(Action="kms:*")),
        "a new Allow",
    ),
    "an Allow to everybody": (
        statement("EncryptThroughTenantRole", lambda one: one.update(Principal="*")),
        "an Allow to more principals or resources",
    ),
    "an Allow to a role by name, where the account was named": (
        statement(
            "EncryptThroughTenantRole",
            lambda one: one.update(Principal={"AWS": "arn:aws:iam::111111111111:role/tenant-keys/orders/x"}),
        ),
        "an Allow to more principals or resources",
    ),
    "a trust of another role too": (
        trust(
            lambda one: one["Principal"].update(
                AWS=["arn:aws:iam::222222222222:root", "arn:aws:iam::222222222222:role/x"]
            )
        ),
        "trust policy of the role of orders: an Allow",
    ),
    # Settings.
    "longer sessions": (
        properties(ROLES, "RoleacmeFororders", MaxSessionDuration=43200),
        "MaxSessionDuration of role tenant-acme.orders of account 111111111111: 3600 becomes 43200",
    ),
    "a managed policy": (
        properties(ROLES, "RoleacmeFororders", ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]),
        "ManagedPolicyArns of role tenant-acme.orders of account 111111111111: none becomes",
    ),
    "a role of another name": (
        properties(ROLES, "RoleacmeFororders", RoleName="tenant-acme.other"),
        "RoleName of role tenant-acme.orders of account 111111111111: tenant-acme.orders becomes tenant-acme.other",
    ),
    "a role of another path": (
        properties(ROLES, "RoleacmeFororders", Path="/elsewhere/"),
        "Path of role tenant-acme.orders of account 111111111111: /tenant-keys/orders/ becomes /elsewhere/",
    ),
    "a pod association in another namespace": (
        properties(PLACE, "PodIdentitymails", Namespace="other"),
        "Namespace of pod identity association PodIdentitymails in eu-west-1: mails becomes other",
    ),
    "a pod association of another service account": (
        properties(PLACE, "PodIdentitymails", ServiceAccount="default"),
        "ServiceAccount of pod identity association PodIdentitymails in eu-west-1: mails becomes default",
    ),
    "a pod association that carries session tags": (
        without_property(PLACE, "PodIdentitymails", "DisableSessionTags"),
        "DisableSessionTags of pod identity association PodIdentitymails in eu-west-1: true becomes false",
    ),
    "a second pod association": (
        added(PLACE, "Second", ASSOCIATION),
        "Second in eu-west-1 is created: service account default of namespace other|:role/tenant-keys-orders",
    ),
    "another audience of the provider": (
        resource(
            SHARED,
            "Issuer4b246bc1a12459de",
            lambda one: one["Properties"]["ClientIdList"].append("another-app"),
        ),
        "ClientIdList of OIDC provider https://login.example.com of account 111111111111",
    ),
    "a trust anchor with its own certificate": (
        properties(
            PREMISES,
            "TrustAnchorpremises",
            Source={"SourceType": "CERTIFICATE_BUNDLE", "SourceData": {"X509CertificateData": "x"}},
        ),
        "Source of Roles Anywhere trust anchor tenant-keys-premises in eu-west-1",
    ),
    "a parameter that names another role": (
        resource(
            PLACE,
            "Parameterorders",
            lambda one: one["Properties"].update(Value=one["Properties"]["Value"].replace("111111111111", "9" * 12)),
        ),
        "Value of SSM parameter /tenant-keys/orders in eu-west-1",
    ),
    "a parameter of another name": (
        properties(PLACE, "Parameterorders", Name="/other"),
        "Name of SSM parameter /tenant-keys/orders in eu-west-1",
    ),
    "a resource of a kind that nobody knows": (
        added(ROLES, "Thing", {"Type": "AWS::Lambda::Function", "Properties": {}}),
        "AWS::Lambda::Function Thing in eu-west-1 is created",
    ),
    "termination protection off": (
        artifact(CELL, terminationProtection=False),
        f"termination protection of the stack {CELL} is switched off",
    ),
    "another execution role": (
        artifact(CELL, cloudFormationExecutionRoleArn="arn:aws:iam::111111111111:role/Admin"),
        f"the execution role of the stack {CELL}",
    ),
    # Keys.
    "rotation off": (
        properties(CELL, "Keyacme", EnableKeyRotation=False),
        "automatic rotation of the key of tenant acme in eu-west-1 is switched off",
    ),
    "less time before a deletion": (
        properties(CELL, "Keyacme", PendingWindowInDays=7),
        "deletion window in days of the key of tenant acme in eu-west-1: 30 becomes 7",
    ),
    "a property of a key that is new": (
        properties(CELL, "Keyacme", SomethingNew=True),
        "SomethingNew of the key of tenant acme in eu-west-1: none becomes true",
    ),
}
BLOCKED: dict[str, tuple[Edit, str]] = {
    "another kind of key": (properties(CELL, "Keyacme", KeySpec="RSA_4096"), "KeySpec of the key of tenant acme"),
    "another origin": (properties(CELL, "Keyacme", Origin="EXTERNAL"), "Origin of the key of tenant acme"),
    "a multi-Region key": (properties(CELL, "Keyacme", MultiRegion=True), "MultiRegion of the key of tenant acme"),
    "a key for signing": (properties(CELL, "Keyacme", KeyUsage="SIGN_VERIFY"), "KeyUsage of the key of tenant acme"),
    "a key that its stack deletes": (
        resource(CELL, "Keyacme", lambda one: one.update(DeletionPolicy="Delete")),
        "the key of tenant acme in eu-west-1 is no longer retained",
    ),
    "a key that a replacement deletes": (
        resource(CELL, "Keyacme", lambda one: one.pop("UpdateReplacePolicy")),
        "the key of tenant acme in eu-west-1 is no longer retained",
    ),
}
NOTES: dict[str, tuple[Edit, str]] = {
    "a control policy by another operator of the same meaning": (
        control(
            SCP, "KeepDeletion", lambda one: one.update(Condition={"StringNotLike": one["Condition"]["ArnNotEquals"]})
        ),
        "service control policy of 111111111111 is written differently and means the same",
    ),
    "a control policy with statements in another order and other Sids": (
        resource(
            GUARDRAILS,
            RCP,
            lambda one: [
                one["Properties"]["Content"]["Statement"].reverse(),
                one["Properties"]["Content"]["Statement"][0].update(Sid="Another"),
            ],
        ),
        "resource control policy of 111111111111 is written differently and means the same",
    ),
    "a control policy that stops one action more": (
        control(SCP, "KeepTopic", lambda one: one["Action"].append("sns:Publish")),
        "service control policy of 111111111111 is written differently and allows less, or stops more, than before",
    ),
    "shorter sessions, and a boundary": (
        properties(ROLES, "RoleacmeFororders", PermissionsBoundary="arn:aws:iam::111111111111:policy/b"),
        "PermissionsBoundary of role tenant-acme.orders of account 111111111111: none becomes",
    ),
    "a pod association less": (removed(PLACE, "PodIdentitymails"), "PodIdentitymails in eu-west-1 is removed"),
    "a policy of the organization more": (added(ROLES, "Control", CONTROL), "policy of the organization Guard"),
    "a Deny more": (
        only(lambda all_: [*all_, {**all_[-1], "Sid": "More", "Effect": "Deny", "Action": "kms:*"}]),
        "key policy in eu-west-1 is written differently and allows less, or stops more, than before",
    ),
    "an Allow less": (
        use_own(lambda one: one["Action"].pop()),
        "identity policy of the role of orders is written differently and allows less, or stops more, than before",
    ),
    "a longer rotation period": (
        properties(CELL, "Keyacme", RotationPeriodInDays=730),
        "rotation period in days of the key of tenant acme in eu-west-1: 365 becomes 730",
    ),
    "termination protection of one stack more": (
        artifact(ROLES, terminationProtection=True),
        f"termination protection of the stack {ROLES} is switched on",
    ),
}
