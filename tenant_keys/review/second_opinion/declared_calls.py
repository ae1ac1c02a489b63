"""Declared calls under the control policies of the organization: is one of them denied?

Nothing else is in their way: what key policies and policies of IAM leave of them, the other questions ask.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html (principals of the account)
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html (resources of the account)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.manifest import stack_names as names
from tenant_keys.manifest.detection import RULE_IDS
from tenant_keys.review.second_opinion.control_policies import KINDS, OPEN, of_account, replayed, statements_of
from tenant_keys.review.second_opinion.inventory import Control, Inventory, Key
from tenant_keys.review.second_opinion.keys import accounts_of, key_actions, owner_of
from tenant_keys.review.second_opinion.permission import denied
from tenant_keys.review.second_opinion.principals import (
    ROLE,
    SESSION_NAME,
    Principal,
    any_role_below,
    role,
    service,
    session_name,
    token,
)
from tenant_keys.review.second_opinion.promise import (
    OPERATIONS,
    PUBLISHERS,
    TENANT,
    access_role,
    administrators_of_topic_key,
    declared,
    import_role,
    is_shared,
    workload_role,
)
from tenant_keys.review.second_opinion.question import Case, Pending, Question, ask_about, rests_on
from tenant_keys.review.second_opinion.scope import representatives
from tenant_keys.review.second_opinion.session_names import under_every_name
from tenant_keys.review.second_opinion.terms import all_of, characters, equal, times
from tenant_keys.review.second_opinion.values import Value

_ABSENT: Final = (
    "aws:CalledViaFirst aws:CalledViaLast aws:ChatbotSourceArn aws:IsMcpServiceAction aws:SourceAccount aws:SourceArn "
    "aws:SourceOrgID aws:SourceOwner kms:ViaService"
)
_ABSENT_LISTS: Final = "aws:calledvia aws:calledviaawsmcp aws:principalservicenameslist aws:sourceorgpaths"
"""What a service sets: a role that calls directly brings none of them (IAM guide, reference_policies_condition-keys;
KMS guide, conditions-kms)."""
_BYPASS: Final = "kms:bypasspolicylockoutsafetycheck"
_TAGS: Final = "aws:requesttag/"
_OF_KEYS: Final = [
    "kms:customermasterkeyspec",
    "kms:customermasterkeyusage",
    "kms:keyorigin",
    "kms:keyspec",
    "kms:keyusage",
    "kms:multiregion",
    "kms:multiregionkeytype",
]
_SETTING_UP: Final = [
    "createalias",
    "disablekeyrotation",
    "enablekey",
    "enablekeyrotation",
    "putkeypolicy",
    "tagresource",
    "untagresource",
    "updatekeydescription",
]
"""What CloudFormation calls of a key that has no alias yet (permissions of the handlers, AWS::KMS::Key and Alias)."""
_SENDING_TAGS: Final = frozenset({"kms:createkey", "kms:replicatekey", "kms:tagresource"})
_AUDIT: Final = {
    "events": ("rule/", "deleterule putrule puttargets removetargets"),
    "sns": ("", "deletetopic settopicattributes"),
}
"""The same of AWS::Events::Rule, AWS::SNS::Topic and AWS::SNS::TopicPolicy."""
_HOME_OF_IAM: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_ANY_KEY: Final = "key/11112222-3333-4444-5555-666677778888"


@dataclass(frozen=True)
class _Call:
    """Actions of a principal on a resource, and what the call brings along."""

    caller: Principal
    actions: tuple[str, ...]
    resource: str
    facts: Mapping[str, str | None]
    """Condition keys in lower case; None for what is certainly absent."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Sent with the request."""
    inside: bool = True
    """Whether the caller is of the key account."""
    directly: bool = True
    """Whether it comes without a service between; of the request of a service itself less is documented."""


def declared_call_questions(inventory: Inventory, estate: Estate) -> Iterator[Pending]:
    """One question for each key, and one for each call beside them; none without control policies."""
    if not inventory.controls:
        return
    documents = json.dumps([control.document for control in inventory.controls], sort_keys=True, default=repr)
    for key in inventory.keys:
        tenant = owner_of(key, inventory, estate)
        if tenant is not None:
            anyone = of_account(ROLE, estate)
            about = rests_on("control", f"what is declared of {key.arn}", anyone, documents, dict(key.facts))
            yield Pending(about, partial(_on_key, key, tenant, anyone, inventory, estate))
    for call in _calls(inventory, estate):
        reported = f"{', '.join(call.actions)} on {call.resource}"
        brought = dict(call.facts), dict(call.tags), [str(one) for one in call.caller.limits]
        yield Pending(
            rests_on("control", reported, call.caller, documents, *brought),
            partial(_question, call, inventory, estate),
        )


def _on_key(key: Key, tenant: Tenant, principal: Principal, inventory: Inventory, estate: Estate) -> Question:
    """Whatever is declared of a tenant's key. No call that is declared bypasses the lockout check."""
    controls = inventory.controls
    documents = tuple(one for control in controls for one in statements_of(control, inventory))
    facts = _directly(key.region) | {
        name: Value(name, held is not None, held or "") for name, held in key.facts.items()
    }
    facts[_BYPASS] = Value(_BYPASS, False, "")
    keys = {"kms:requestalias", f"kms:encryptioncontext:{TENANT}", f"aws:principaltag/{TENANT}"}
    aliases = tuple(inventory.aliases.get(key.arn, ()))
    asked = ask_about(principal, key.arn, estate.central.account, documents, keys=keys, facts=facts, aliases=aliases)
    asked.sets.update({name: [] for name in _ABSENT_LISTS.split()})
    cases = []
    for action in key_actions():
        request = asked.of(action, action)
        stopped = all_of([denied(request, documents), declared(request, action, tenant, estate)])
        cases.append(Case((action,), request, stopped))
    found = tuple(case for case in cases if case.breach is not False)
    what = f"what is declared of the key of tenant {tenant.id}"
    return Question(
        "control", principal.label, what, tenant.id, asked, found, OPEN, controls=replayed(controls), expects="denied"
    )


def _question(call: _Call, inventory: Inventory, estate: Estate) -> Question:
    controls = list(_bearing_on(call, inventory, estate))
    documents = tuple(one for control in controls for one in statements_of(control, inventory))
    account = call.resource.split(":")[4] if ":" in call.resource else estate.central.account
    region = call.facts.get("aws:requestedregion") or ""
    facts = _directly(region) if call.directly else {"aws:securetransport": Value("aws:SecureTransport", True, "true")}
    facts |= {name: Value(name, held is not None, held or "") for name, held in call.facts.items()}
    keys = {name for one in documents for name in one.keys if name.startswith(_TAGS)}
    facts |= {name: Value(name, False, "") for name in keys}
    facts |= {_TAGS + name.lower(): Value(name, True, held) for name, held in call.tags.items()}
    asked = ask_about(call.caller, call.resource, account, documents, keys=keys, facts=facts)
    if call.directly:
        asked.sets.update({name: [] for name in _ABSENT_LISTS.split()})
    asked.sets["aws:tagkeys"] = _names("aws:TagKeys", _TAGS, call.tags)
    if _PAIR in call.facts:
        asked.sets["kms:encryptioncontextkeys"] = _names(
            "kms:EncryptionContextKeys", "kms:encryptioncontext:", [TENANT]
        )
    requests = {action: asked.of(action, action) for action in call.actions}
    stopped = {action: denied(request, documents) for action, request in requests.items()}
    if SESSION_NAME in asked.values:
        requests, stopped = under_every_name(asked, stopped, documents)
    found = tuple(
        Case((action,), request, stopped[action])
        for action, request in requests.items()
        if stopped[action] is not False
    )
    what = f"declared calls on {call.resource}"
    return Question(
        "control", call.caller.label, what, None, asked, found, OPEN, controls=replayed(controls), expects="denied"
    )


_PAIR: Final = f"kms:encryptioncontext:{TENANT}"


def _names(key: str, prefix: str, listed: Iterable[str]) -> list[Value]:
    """The members of a key that lists the names of others."""
    return [Value(f"{key}#{prefix}{name.lower()}", True, name) for name in listed]


def _bearing_on(call: _Call, inventory: Inventory, estate: Estate) -> Iterator[Control]:
    """An SCP limits principals of the key account, an RCP what belongs to it."""
    central = estate.central.account
    owner = call.resource.split(":")[4] if ":" in call.resource else central
    for control in inventory.controls:
        kind = KINDS[control.kind]
        if (kind == "scp" and call.inside) or (kind == "rcp" and owner == central):
            yield control


def _directly(region: str) -> dict[str, Value]:
    """What a declared call brings along that no caller needs to choose otherwise: TLS, and no service between.

    Of what the caller chooses one context that passes is enough, so no question is asked of the others. A key answers
    in its own Region alone, and a symmetric one by one algorithm (KMS guide, concepts).
    """
    found = [Value(name, False, "") for name in _ABSENT.split()]
    found += [Value("aws:SecureTransport", True, "true"), Value("aws:ViaAWSService", True, "false")]
    found.append(Value("kms:EncryptionAlgorithm", True, "SYMMETRIC_DEFAULT"))
    found.append(session_name(True))  # required (STS API, AssumeRole); requests to other services carry none
    if region:
        found.append(Value("aws:RequestedRegion", True, region))
    return {value.name.lower(): value for value in found}


def _calls(inventory: Inventory, estate: Estate) -> Iterator[_Call]:
    yield from _of_deployment(inventory, estate)
    if estate.audit is not None:
        yield from _of_audit(estate)
        yield from _of_trail(estate) if estate.audit.own_trail else ()
    for tenant in estate.tenants.values():
        yield from _on_held_keys(tenant, inventory, estate)
        if tenant.custodian is not None:
            custodian = tenant.custodian
            actions, role = ("sts:assumerole",), import_role(tenant, estate)
            yield _Call(
                _one(custodian.role, estate), actions, role, {"sts:externalid": custodian.external_id}, inside=False
            )
    for arn in inventory.roles:
        yield from _sessions(arn, estate)


def _one(arn: str, estate: Estate, tags: Mapping[str, str] | None = None) -> Principal:
    """A session of the role, or of a role of the permission set."""
    accounts = accounts_of(estate)
    if "?" not in arn:
        return role(arn, accounts, tags=tags or {}, identity=None)
    stem = arn.rstrip("?")
    chosen = times(characters("az", "AZ", "09"), len(arn) - len(stem), len(arn) - len(stem))
    return any_role_below(stem, accounts, ending=chosen)


def _of_deployment(inventory: Inventory, estate: Estate) -> Iterator[_Call]:
    """With each deployment role, whatever CloudFormation creates of the templates."""
    central = estate.central
    no_key: Mapping[str, str | None] = dict.fromkeys([*_OF_KEYS, "kms:resourcealiases", _BYPASS])
    for arn in central.deployers:
        caller = _one(arn, estate)
        for region in central.regions:
            here = f"arn:{central.partition}:kms:{region}:{central.account}:"
            there = {**no_key, "aws:requestedregion": region}
            alias = here + estate.naming.alias.replace("{id}", "any")
            yield _Call(caller, ("kms:createalias", "kms:deletealias"), alias, there)
            for facts, tags in _new_keys(region, inventory):
                known = {**there, **facts}
                yield _Call(caller, ("kms:createkey",), "*", known, tags)
                actions = [f"kms:{name}" for name in _SETTING_UP]
                actions += ["kms:replicatekey"] if facts.get("kms:multiregion") == "true" else []
                sending = tuple(action for action in actions if action in _SENDING_TAGS)
                yield _Call(caller, sending, here + _ANY_KEY, known, tags)
                yield _Call(caller, tuple(one for one in actions if one not in sending), here + _ANY_KEY, known)
        for made in inventory.roles.values():
            if made.arn.split(":")[4] == central.account:
                there = {"aws:requestedregion": _HOME_OF_IAM.get(central.partition)}
                actions = ["iam:createrole", *(["iam:tagrole"] if made.tags else [])]
                yield _Call(caller, tuple(actions), made.arn, there, made.tags)


def _new_keys(region: str, inventory: Inventory) -> Iterator[tuple[Mapping[str, str | None], Mapping[str, str]]]:
    """The keys of the Region that are no replicas, before an alias points at them: each kind once."""
    seen: set[object] = set()
    for key in inventory.keys:
        if key.region != region or key.facts.get("kms:multiregionkeytype") == "REPLICA":
            continue
        facts = {name: held for name, held in key.facts.items() if name in _OF_KEYS}
        kind = (*sorted(facts.items()), *sorted(key.tags.items()))
        if kind not in seen:
            seen.add(kind)
            yield facts, key.tags


def _of_audit(estate: Estate) -> Iterator[_Call]:
    """Rules and topics, and the keys of the topics, at which no alias points: who keeps them, and who publishes."""
    central, prefix = estate.central, names.audit_prefix(estate.naming)
    plain = {
        **dict.fromkeys(_OF_KEYS),
        "kms:keyspec": "SYMMETRIC_DEFAULT",
        "kms:customermasterkeyspec": "SYMMETRIC_DEFAULT",
        "kms:keyusage": "ENCRYPT_DECRYPT",
        "kms:customermasterkeyusage": "ENCRYPT_DECRYPT",
        "kms:keyorigin": "AWS_KMS",
        "kms:multiregion": "false",
        "kms:resourcealiases": None,
    }
    keepers: dict[str, list[str]] = {}
    for action, roles in sorted(administrators_of_topic_key(estate).items()):
        for keeper in sorted(roles):
            if ":role/aws-service-role/" not in keeper:  # control policies leave those alone
                keepers.setdefault(keeper, []).append(action)
    for region in central.regions:
        there = {"aws:requestedregion": region}
        key = f"arn:{central.partition}:kms:{region}:{central.account}:{_ANY_KEY}"
        for keeper, actions in keepers.items():
            yield _Call(_one(keeper, estate), tuple(actions), key, {**plain, **there, _BYPASS: None})
        for name in PUBLISHERS:
            caller = service()
            caller.label = name
            caller.limits.append(equal(caller.arn, name))
            yield _Call(
                caller, ("kms:decrypt", "kms:generatedatakey"), key, {**plain, **there}, inside=False, directly=False
            )
        for arn in central.deployers:
            for service_name, (before, called) in _AUDIT.items():
                whose = f"arn:{central.partition}:{service_name}:{region}:{central.account}:{before}{prefix}"
                made = [whose + rule for rule in RULE_IDS] if before else [whose.removesuffix("-")]
                for one in made:
                    yield _Call(
                        _one(arn, estate), tuple(f"{service_name}:{action}" for action in called.split()), one, there
                    )


def _of_trail(estate: Estate) -> Iterator[_Call]:
    """What CloudFormation calls to keep the key account's own trail (handlers of AWS::CloudTrail::Trail)."""
    central = estate.central
    region = central.home_region
    trail = f"arn:{central.partition}:cloudtrail:{region}:{central.account}:trail/{names.trail(estate.naming)}"
    actions = tuple(f"cloudtrail:{name}" for name in ("deletetrail", "puteventselectors", "stoplogging", "updatetrail"))
    for arn in central.deployers:
        yield _Call(_one(arn, estate), actions, trail, {"aws:requestedregion": region})


def _on_held_keys(tenant: Tenant, inventory: Inventory, estate: Estate) -> Iterator[_Call]:
    """What workloads do with the keys that a tenant holds in an account of its own, by their ARNs."""
    if tenant.held is None or tenant.state != "active":
        return
    for workload in tenant.workloads:
        arn = access_role(tenant, workload, estate)
        made = inventory.roles.get(arn)
        own = dict(made.tags) if made is not None else {}
        caller = _one(arn, estate, own | ({TENANT: tenant.id} if is_shared(workload) else {}))
        used = tuple(f"kms:{one}".lower() for name in workload.operations for one in OPERATIONS[name])
        for key in tenant.held.arns:
            facts = {"aws:requestedregion": key.split(":")[3], "kms:requestalias": None}
            yield _Call(caller, ("kms:describekey",), key, facts)
            yield _Call(caller, used, key, {**facts, _PAIR: tenant.id})


def _sessions(arn: str, estate: Estate) -> Iterator[_Call]:
    """Sessions of access roles for the roles that workloads run as, or for the holders of their tokens."""
    central = estate.central
    workload: Workload | None = next((one for one in estate.workloads.values() if f"/{one.name}/" in arn), None)
    if workload is None or arn.split(":")[4] != central.account:
        return
    served = [one.id for one in representatives(estate) if workload in one.workloads]
    if workload.identity_provider is not None:
        host = workload.identity_provider.issuer.removeprefix("https://")
        caller = token(f"arn:{central.partition}:iam::{central.account}:oidc-provider/{host}")
        facts = {f"{host.lower()}:aud": workload.audience}
        for tenant in served:
            actions = ("sts:assumerolewithwebidentity", "sts:tagsession")
            yield _Call(caller, actions, arn, facts, {TENANT: tenant}, inside=False)
        return
    runs_as = workload_role(workload, estate)
    caller, inside = _one(runs_as, estate), runs_as.split(":")[4] == central.account
    for tenant in served if is_shared(workload) else ():
        yield _Call(caller, ("sts:assumerole", "sts:tagsession"), arn, {}, {TENANT: tenant}, inside=inside)
    if not is_shared(workload):
        yield _Call(caller, ("sts:assumerole",), arn, {}, inside=inside)
