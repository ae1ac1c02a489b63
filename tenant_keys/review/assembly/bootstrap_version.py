"""What a template asks of the bootstrap stack: the parameter and the rule that the CDK writes, and nothing else.

Source: aws-cdk-lib, `core/lib/stack-synthesizers/stack-synthesizer` (`addBootstrapVersionRule`). CloudFormation reads
the SSM parameter at the deployment, and stops it where a rule fails (CloudFormation guide, parameters and rules).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.review.errors import as_json

_VERSION: Final = 6
"""Of the bootstrap stack that stacks and assets need (aws-cdk-lib, MINIMUM_BOOTSTRAP_STACK_VERSION)."""
PARAMETER: Final = "BootstrapVersion"
_RULE: Final = "CheckBootstrapVersion"
_TYPE: Final = "AWS::SSM::Parameter::Value<String>"
_PATH: Final = re.compile(r"/cdk-bootstrap/([A-Za-z0-9_-]{1,10})/version")
_OLDER: Final = [str(version) for version in range(1, _VERSION)]
_ASSERTED: Final = {"Fn::Not": [{"Fn::Contains": [_OLDER, {"Ref": PARAMETER}]}]}
_DESCRIBED: Final = 4_000
"""Characters of a description (CloudFormation guide, parameters)."""


def unlike_the_cdk(sections: Mapping[str, Any], qualifier: str | None = None) -> str | None:
    """How the parameters and rules of a template differ from those that the CDK writes; None where they do not.

    `qualifier`: of the bootstrap stack that the template is uploaded to, where it is known.
    """
    parameters, rules = (sections.get(name, {}) for name in ("Parameters", "Rules"))
    for section, found, known in (("Parameters", parameters, PARAMETER), ("Rules", rules, _RULE)):
        if not isinstance(found, dict):
            return f"{section}: got {as_json(found)}; expected an object"
        if others := sorted(found.keys() - {known}):
            what = "parameter" if section == "Parameters" else "rule"
            return f"got {what} {others[0]}; allowed: {known} of the CDK; {_WHY[what]}"
    if parameters and not rules:
        return f"got parameter {PARAMETER} without rule {_RULE}; the CDK writes both"
    if rules and not parameters:
        return f"got rule {_RULE} without parameter {PARAMETER}; the CDK writes both"
    if not parameters:
        return None
    return _parameter(parameters[PARAMETER], qualifier) or _rule(rules[_RULE])


_WHY: Final = {
    "parameter": "the review does not see the value of another; write it literally",
    "rule": "other rules are not evaluated",
}


def _parameter(found: object, qualifier: str | None) -> str | None:
    where = f"parameter {PARAMETER}"
    if not isinstance(found, dict) or found.keys() - {"Description"} != {"Type", "Default"}:
        return f"{where}: got {as_json(found)}; expected Type, Default and Description"
    if found["Type"] != _TYPE:
        return f"{where}: got type {as_json(found['Type'])}; expected {_TYPE}"
    path = found["Default"]
    match = _PATH.fullmatch(path) if isinstance(path, str) else None
    if match is None or qualifier not in (None, match[1]):
        return f"{where}: got default {as_json(path)}; expected /cdk-bootstrap/{qualifier or '<qualifier>'}/version"
    return _description(where, found.get("Description", ""))


def _rule(found: object) -> str | None:
    where = f"rule {_RULE}"
    match found:
        case {"Assertions": [{"Assert": asserted, **more}], **beside} if not beside and asserted == _ASSERTED:
            if more.keys() <= {"AssertDescription"}:
                return _description(where, more.get("AssertDescription", ""))
    return f"{where}: got {as_json(found)}; expected the CDK's, which asks for version {_VERSION}"


def _description(where: str, text: object) -> str | None:
    if isinstance(text, str) and len(text) <= _DESCRIBED:
        return None
    return f"{where}: got description {as_json(text)}; expected text of at most {_DESCRIBED:,} characters"
