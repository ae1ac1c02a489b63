"""Ids that AWS is not to hold: the id in the manifest of a tenant with an opaque name, in any text of a template.

The workload's parameter alone has them, and nothing once the tenant is offboarded; nor may the stacks of a key account
tell those of another. An id is found as a word, in any case, alone or between hyphens; in logical ids and Sids as a
word of the name. Not reported is an id that is also a word of the manifest's own names or of the app's texts (`access`,
`orders`), or a number of up to three digits: there it says nothing of a customer. What rules and alarms describe and
match, and the code of the Hook's function, is prose, so there it is found after the word tenant, and in a list after
the word tenants.
"""

from __future__ import annotations

import base64
import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Resource, Stack

_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_TOKEN: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_GRAMMAR: Final = frozenset({"Action", "Effect", "NotAction", "Version"})
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
_WORDS_OF_A_NAME: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OF_A_TENANT: Final = re.compile(r"(?:Alias|Key|ImportRole|Replica|Role)([a-z0-9X]+)(?:For[A-Za-z0-9]+)?")
"""Logical ids, in which X represents a hyphen."""
_AND: Final = frozenset({"and", "or"})
"""Between the names of a list."""
_APP_TEXT: Final = """
a access accessdenied account acl actions administration alarms alias aliases all amazonaws an analyzer anchor
and anyone anything anywhere api arm64 arnequals arnlike arnnotequals arnnotlike as association assume assumed
assumerole at aud audience audit auditkey aws batch be begun bool boolifexists bootstrap boundary bring bucket
bus but by bypass call can cancel cancellation cancelled cdk cell certificate cfn change changed changes check
class cloud cloudformation cloudtrail cloudwatch cluster cmk cn com condition conditions config console
context control create created createkey createrole custodian custodians data decrypt default delete deleted
deletion denied deny deploy deployment describe describekey description detail detection disabled disabling
does done each ec2 ecs eks else enabled encrypt encrypted encrypts es event events every everyone exclude exec
exists expiration expire expired expiring external externalid fail false federated filteringcriteria for
forallvalues foranyvalue forward from frozenset function get gov grant group handler has held hook hooks http
https iam id identity ids if import imported imports in index instance instances invocationpoints invoke
invokedby invokeforhook invokefunction invokes invoking is issuer its keep keeps key keys kms lambda list lock
lockout log logs longest managed material may member message metadata minimum misuse moved mrk name names
namespace near no nobody none not notresource null of oidc on one only opaque openid openings operations or
organization organizations other others outside own parameter parameters path permission permissions plain pod
pods policies policy policydocument policyname pre premises primary principal principalarn principals profile
project properties provider provision publish python3 quota rcp re read reading reads recently records refusals refused
refuses region removal remove replace replica replicakey replicas report reports reserve reserved resource
role roles rolesanywhere root rotate rotation rsa rsaes rule rules run runfunction runs s saml schedule
scheduled scp serve serves service serviceaccount services serving session sessions set settings sha share
shared sid sign single sns source sourceaccount sourcearn ssm sso stack stacknames stacks standard statement
stop stopped string stringequals stringlike sts sub subject suffix suspended symmetric tag tagkeys tags
targetnames task tasks tenant tenantkeys tenants text than that the this through to token told topic trail
true trust type unresolved unusable update use used user value via was web where which while who whose
wildcard with withdraw without workload workloads would wrapping write writelogs writing x509 yaml
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
        self._seen: dict[str, str | None] = {}

    def of(self, resource: Resource) -> Iterator[tuple[str, str]]:
        """The tenant's name in AWS, and the property that tells its id; no name where a value is not resolved."""
        if (found := self._in_logical_id(resource.logical_id)) is not None:
            yield found, "the logical id"
        prose = _PROSE.get(resource.type, frozenset())
        for name, value in resource.properties.items():
            if resource.type == "AWS::SSM::Parameter" and name == "Value":
                continue  # what it holds is compared with what is declared
            if resource.type == _OF_CONSTRUCTS and name == "Analytics" and _is_compressed(value):
                continue
            if _holds_function(value):
                yield "", name
            for text in _texts(value):
                found = self._named(text, after="tenant" if name in prose else "")
                if found is not None:
                    yield found, name

    def beside(self, stack: Stack) -> Iterator[tuple[str, str]]:
        """The same for what a template holds beside the properties of resources, and for the stack's name."""
        plain: dict[str, Any] = {"its name": stack.name}
        for section, value in stack.beside.items():
            several = value if isinstance(value, Mapping) else {"": value}
            prose = _OF_CDK | _SUPPRESSIONS
            plain[section] = {name: part for name, part in several.items() if name not in prose}
            if _becomes_text(section) and _holds_function(plain[section]):
                yield "", section
            for text in (text for name in several.keys() & prose for text in _texts(several[name])):
                if (found := self._named(text, after="tenant")) is not None:
                    yield found, section
        for section, value in plain.items():
            for text in _texts(value):
                found = self._named(text, after="") or self._named(_WORDS_OF_A_NAME.sub(" ", text).lower(), after="")
                if found is not None:
                    yield found, section

    def _in_logical_id(self, name: str) -> str | None:
        return self._named(name, after="") or self._named(_WORDS_OF_A_NAME.sub(" ", name).lower(), after="")

    def _named(self, text: str, after: str) -> str | None:
        if not after and text in self._seen:
            return self._seen[text]
        text = _plain(text)
        named, found = False, None
        for token in _TOKEN.findall(text.lower()):
            here = self._in(token.split("-")) if not after or named or token.startswith(f"{after}-") else None
            found = found or here
            more = named and (token in _AND or here is not None or token in self._others)
            named = more or token in (after, f"{after}s")
        if not after:
            of_tenants = (match for word in _WORD.findall(text) if (match := _OF_A_TENANT.fullmatch(word)))
            written = (self._in(one[1].replace("X", "-").split("-")) for one in of_tenants)
            found = self._seen[text] = found or next(filter(None, written), None)
        return found

    def _in(self, parts: list[str]) -> str | None:
        """The longest names first: that of one tenant may begin that of another."""
        start = 0
        while start < len(parts):
            for end in range(len(parts), start, -1):
                word = "-".join(parts[start:end])
                if word in self._opaque:
                    return self._opaque[word]
                if word in self._others:
                    start = end - 1
                    break
            start += 1
        return None


def _plain(text: str) -> str:
    """A text as people read it: compatible letters as one (NFKC), and no invisible characters (category Cf)."""
    if text.isascii():
        return text
    return "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")


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


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        grammar = _GRAMMAR if "Effect" in value or "Statement" in value else frozenset()
        for name, part in value.items():
            if name == "Sid" and (words := _WORDS_OF_A_NAME.sub(" ", str(part))) != part:
                yield words.lower()
            if name not in grammar:
                yield str(name)
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
