"""Ids that AWS is not to hold: the id in the manifest of a tenant with an opaque name, in any text of a template.

The workload's parameter alone has them, and nothing once the tenant is offboarded; nor may the stacks of a key account
tell those of another. An id is found as a word (`ids_in_text`), and every text is printable ASCII, so that no character
looks like another, and none is invisible. Not reported is an id that is also a word of the manifest's own names or of
the app's texts (`access`, `orders`), or a number of up to three digits: there it says nothing of a customer. What rules
and alarms describe and match, and the code of the Hook's function, is prose, so there it is found after the word
tenant, and in a list after the word tenants.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest.ids_in_text import IdsInText, readings, words_of
from tenant_keys.review.assembly import Resource, Stack
from tenant_keys.review.iam.catalogue import actions, has_service
from tenant_keys.review.iam.wildcards import glob

_ODD: Final = re.compile(r"[^\t\n\x20-\x7e]")
"""All that is neither printable ASCII nor a tab or the end of a line."""
_TOKEN: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_GRAMMAR: Final = frozenset({"Action", "Effect", "NotAction", "Version"})
_GRAMMAR_WORDS: Final = _GRAMMAR | {"Allow", "Deny", "2008-10-17", "2012-10-17"}
_PROSE: Final[Mapping[str, frozenset[str]]] = {
    "AWS::CloudFormation::StackSet": frozenset({"Description", "TemplateBody"}),
    "AWS::CloudWatch::Alarm": frozenset({"AlarmDescription", "Metrics"}),
    "AWS::Events::Rule": frozenset({"Description", "EventPattern", "Targets"}),
    "AWS::Lambda::Function": frozenset({"Code", "Description"}),
}
_OF_CONSTRUCTS: Final = "AWS::CDK::Metadata"
_COMPRESSED: Final = "v2:deflate64:"
"""What the CDK's list of constructs begins with: names of its own classes (aws-cdk-lib, metadata-resource)."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_OF_CDK: Final = frozenset({"BootstrapVersion", "CheckBootstrapVersion"})
_SUPPRESSIONS: Final = frozenset({"cdk_nag", "cfn_nag", "checkov", "guard"})
"""What a resource tells scanners, with reasons in prose."""
_REASONS: Final = frozenset({"comment", "reason"})
_ACKNOWLEDGED: Final = """
CKV_AWS_115 CKV_AWS_116 CKV_AWS_117 CKV_AWS_158 CKV_AWS_7 CLOUDWATCH_LOG_GROUP_ENCRYPTED
CMK_BACKING_KEY_ROTATION_ENABLED IAM_NO_INLINE_POLICY_CHECK LAMBDA_CONCURRENCY_CHECK LAMBDA_DLQ_CHECK LAMBDA_INSIDE_VPC
Reason SuppressedRules comment id skip
"""
"""The rules that the app's own resources name there, and the fields."""
_OF_A_TENANT: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:Alias|Key|ImportRole|Replica|Role)([a-z0-9X]+)(?=For[A-Za-z0-9]|(?![A-Za-z0-9]))"
)
"""Logical ids, in which X represents a hyphen."""
_AND: Final = frozenset({"and", "or"})
"""Between the names of a list."""
_UNRESOLVED: Final = "holds a function that the review does not resolve"
_APP_TEXT: Final = """
a abortincompletemultipartupload access accessdenied account accountfiltertype acl acmpcaarn actions administration
alarms alias aliases all amazonaws an analyzer anchor and anyone anything anywhere api arm64 arnequals arnlike
arnnotequals arnnotlike as association assume assumed assumerole at aud audience audit auditkey aws awslogs
awsreservedsso awsserviceroleforaccessanalyzer awsserviceroleforconfig batch be begun blockpublicacls
blockpublicpolicy bool boolifexists bootstrap boundary bring bucket bucketownerenforced bus but by bypass
bypasspolicylockoutsafetycheck call can cancel cancellation cancelled cdk cdkmetadata cell certificate cfn change
changed changes check class cloud cloudformation cloudtrail cloudwatch cluster cmk cn com concurrencymode condition
conditions config console context control create created createkey createrole custodian custodians data
daysafterinitiation decrypt default delete deleted deletion denied deny deploy deployment deploymenttargets describe
describekey description detail detection disabled disabling does done each ec2 ecs eks else enabled encrypt encrypted
encryptioncontext encrypts es event events every everyone exclude exec exists expiration expirationindays
expirationmodel expire expired expiring external externalid fail failuretolerancecount false federated
filteringcriteria for forallvalues foranyvalue forward from frozenset function get getatt gov grant
greaterthanthreshold group handler has held hook hooks http https iam id identity ids if ignorepublicacls import
imported imports in includemanagementevents index instance instanceprofile instances invocationpoints invoke invokedby
invokeforhook invokefunction invokes invoking is issuer its keep keeps key keys kms lambda lessthanthreshold list lock
lockout log logs longest managed material maxconcurrentpercentage may member message metadata minimum misuse moved mrk
name names namespace near no nobody noncurrentdays noncurrentversionexpiration none not notbreaching notresource null
numericlessthanifexists objectownership of oidc on one only opaque openid openings operations or organization
organizationalunitids organizations other others outside own parameter parameters path permission permissions plain
pod podidentity pods policies policy policydocument policyname pre premises primary principal principalaccount
principalarn principalid principalisawsservice principalorgid principals principaltag profile project properties
provider provision publish python3 quota rcp re read reading reads readwritetype recently records refusals refused
refuses region regionconcurrencytype removal remove replace replica replicakey replicas report reports requestalias
requesttag reserve reserved resource resourcealiases restrictpublicbuckets role roles rolesanywhere root rotate
rotation rsa rsaes rule rules run runfunction runs s saml schedule scheduled scp securetransport serve
serversideencryptionbydefault serversideencryptionconfiguration serves service serviceaccount services serving session
sessions set settings sha share shared sid sign single sns source sourceaccount sourcearn sourcedata sourcetype
ssealgorithm ssm sso stack stacknames stacks standard statement stop stopped string stringequals stringequalsifexists
stringlike stringnotequals sts sub subject suffix suspended symmetric tag tagkeys tags targetnames task tasks tenant
tenantkeys tenantkeyskeys tenantkeysstacks tenants text than that the this through to token told topic trail
trailingdayswithoutkeyusage true trust trustanchor type unresolved unusable update use used user value via was web
where which while who whose wildcard with withdraw without workload workloads would wrapping wrappingalgorithm
wrappingkeyspec write writelogs writing x509 x509subject yaml
"""
"""Words of the app's own texts, outside of prose."""


def disclosing(estate: Estate) -> Disclosing | None:
    """What looks for the ids of every key account; None where no tenant has an opaque name."""
    opaque: dict[str, str] = {}
    for each in (estate, *estate.siblings):
        opaque |= {one.manifest_id: one.id for one in each.tenants.values() if one.manifest_id != one.id}
        opaque |= each.offboarded_opaque
    return Disclosing(estate, opaque) if opaque else None


class Disclosing:
    """Looks through resources, one after the other."""

    def __init__(self, estate: Estate, opaque: Mapping[str, str]) -> None:
        accounts = (estate, *estate.siblings)
        public = [(one.central, one.workloads, one.naming, one.guardrails, one.audit) for one in accounts]
        declared = set(_TOKEN.findall(repr((public, estate.organization)).lower()))
        words = set(_APP_TEXT.split()) | declared | {part for token in declared for part in token.split("-")}
        self._opaque = {named: name for named, name in opaque.items() if named not in words and not _is_count(named)}
        self._others = frozenset(name for one in accounts for name in one.tenants)
        self._ids = IdsInText(self._opaque, self._others, frozenset(words))
        self._in_texts: dict[str, str | None] = {}
        self._in_words: dict[str, str | None] = {}

    def of(self, resource: Resource) -> Iterator[tuple[str, str]]:
        """The tenant's name in AWS, and the property that tells its id.

        Without a name: the property, and why it may tell one.
        """
        yield from self._told("the logical id", resource.logical_id)
        prose = _PROSE.get(resource.type, frozenset())
        for name, value in resource.properties.items():
            if resource.type == "AWS::SSM::Parameter" and name == "Value":
                continue  # what it holds is compared with what is declared
            if resource.type == _OF_CONSTRUCTS and name == "Analytics" and _is_compressed(value):
                continue
            if _holds_function(value):
                yield "", f"{name} {_UNRESOLVED}"
            yield from self._told(name, value, prose=name in prose)

    def beside(self, stack: Stack) -> Iterator[tuple[str, str]]:
        """The same for what a template holds beside the properties of resources, and for the stack's name."""
        yield from self._told("its name", stack.name)
        prose = _OF_CDK | _SUPPRESSIONS
        for section, value in stack.beside.items():
            several = value if isinstance(value, Mapping) else {"": value}
            others = {name: part for name, part in several.items() if name not in prose}
            if _becomes_text(section) and _holds_function(others):
                yield "", f"{section} {_UNRESOLVED}"
            yield from self._told(section, others)
            for name in prose & several.keys():
                for text, in_prose in _texts_of_scanners(several[name], prose=name in _OF_CDK):
                    yield from self._told(section, text, prose=in_prose)

    def _told(self, where: str, value: object, *, prose: bool = False) -> Iterator[tuple[str, str]]:
        for text, grammar in _texts(value):
            if "\\" in text or not text.isascii() or not text.isprintable():
                odd = next((odd for reading in readings(text) if (odd := _ODD.search(reading))), None)
                if odd is not None:
                    yield "", f"{where} contains the character U+{ord(odd[0]):04X}"
            found = self._in_prose(text) if prose else self._in_text(text)
            if found is not None and not (grammar and _is_of_iam(text)):
                yield self._opaque[found], where

    def _in_text(self, text: str) -> str | None:
        if text not in self._in_texts:
            self._in_texts[text] = next(filter(None, map(self._in_word, words_of(text))), None)
        return self._in_texts[text]

    def _in_word(self, word: str) -> str | None:
        if word not in self._in_words:
            self._in_words[word] = self._in_new_word(word)
        return self._in_words[word]

    def _in_new_word(self, word: str) -> str | None:
        """Where a word is the logical id of a tenant's resource, its kind is no part of a name."""
        named = [one.replace("X", "-") for one in _OF_A_TENANT.findall(word)]
        spelled = _OF_A_TENANT.sub(lambda match: match[1].replace("X", "-") + "-", word).rstrip("-")
        known = all(one in self._others or one in self._opaque for one in named)
        return next(filter(None, map(self._ids.first, (spelled,) if known else (word, spelled))), None)

    def _in_prose(self, text: str) -> str | None:
        for reading in readings(text):
            named = False
            for token in _TOKEN.findall(reading.lower()):
                about = named or token.startswith("tenant-")
                here = self._ids.first(token) if about else None
                if here is not None:
                    return here
                named = (named and (token in _AND or token in self._others)) or token in ("tenant", "tenants")
        return None


def _is_of_iam(text: str) -> bool:
    """Whether a text says what IAM's grammar has in its place: an effect, a version, or actions that AWS has."""
    if text in _GRAMMAR_WORDS:
        return True
    service = text.lower().partition(":")[0]
    pattern = glob(((text.lower(), False),))
    return has_service(service) and any(pattern(one.lower()) for one in actions(service))


def _is_count(word: str) -> bool:
    """Cells, days and versions are numbers of a few digits."""
    return word.isdigit() and len(word) < 4


def _is_compressed(value: object) -> bool:
    if not isinstance(value, str) or not value.startswith(_COMPRESSED):
        return False
    try:
        zlib.decompress(base64.b64decode(value.removeprefix(_COMPRESSED), validate=True), wbits=_GZIP)
    except (ValueError, zlib.error):
        return False
    return True


def _becomes_text(section: str) -> bool:
    """Whether CloudFormation evaluates functions in it, and shows the result (template reference, Fn functions)."""
    return section == "Outputs" or section.startswith("Metadata of ")


def _holds_function(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(name == "Ref" or str(name).startswith("Fn::") or _holds_function(one) for name, one in value.items())
    return isinstance(value, list) and any(map(_holds_function, value))


def _texts_of_scanners(value: Any, *, prose: bool) -> Iterator[tuple[str, bool]]:
    """Every text of a suppression, and whether it is in prose, as reasons are."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts_of_scanners(str(name), prose=prose)
            yield from _texts_of_scanners(part, prose=prose or str(name).lower() in _REASONS)
    elif isinstance(value, list):
        for part in value:
            yield from _texts_of_scanners(part, prose=prose)
    elif isinstance(value, str) and value not in _ACKNOWLEDGED.split():
        yield value, prose


def _texts(value: Any, *, grammar: bool = False) -> Iterator[tuple[str, bool]]:
    """Every text, and whether it is where IAM's grammar has words of its own."""
    if isinstance(value, str):
        yield value, grammar
    elif isinstance(value, Mapping):
        words = _GRAMMAR if "Effect" in value or "Statement" in value else frozenset()
        for name, part in value.items():
            yield str(name), grammar or name in words
            yield from _texts(part, grammar=grammar or name in words)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, grammar=grammar)
