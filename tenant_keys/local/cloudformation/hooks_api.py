"""The configuration of CloudFormation Hooks, which can be read and changed. No Hook is invoked.

Answers as in the CloudFormation API reference, BatchDescribeTypeConfigurations and SetTypeConfiguration.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from tenant_keys.local.cloudformation.held import Held, Record
from tenant_keys.local.emulator import scopes

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[..., Awaitable[Response]]
HOOKS: Final = "hook"
_NAMESPACE: Final = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


class HooksApi:
    """In the place of the handler that deploys."""

    def __init__(self, held: Held, beside: Handler) -> None:
        self._held, self._beside = held, beside

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        """Of the configuration of types, or the other handler's answer."""
        given = {name: values[0] for name, values in query.items()}
        given |= {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        match given.get("Action"):
            case "BatchDescribeTypeConfigurations":
                return self._describe(given)
            case "SetTypeConfiguration":
                return self._set(given)
        return await self._beside(method, path, headers, body, query)

    def _describe(self, given: Mapping[str, str]) -> Response:
        wanted = [value for name, value in given.items() if name.endswith(".TypeName")]
        known = self._held.of(HOOKS)
        members = "".join(_member(name, known[name]) for name in wanted if name in known)
        return _answer("BatchDescribeTypeConfigurations", f"<TypeConfigurations>{members}</TypeConfigurations>")

    def _set(self, given: Mapping[str, str]) -> Response:
        record = self._held.of(HOOKS).get(given.get("TypeName", ""))
        if record is None:
            code = "<Error><Type>Sender</Type><Code>TypeNotFoundException</Code><Message>no such type</Message></Error>"
            body = f'<ErrorResponse xmlns="{_NAMESPACE}">{code}</ErrorResponse>'
            return 404, {"Content-Type": "text/xml"}, body.encode()
        record["Configuration"] = given["Configuration"]
        return _answer("SetTypeConfiguration", f"<ConfigurationArn>{_arn(given['TypeName'])}</ConfigurationArn>")


def _arn(name: str) -> str:
    account, region = scopes.current_scope()
    return f"arn:aws:cloudformation:{region}:{account}:type/hook/{name.replace('::', '-')}"


def _member(name: str, record: Record) -> str:
    reported = {
        "Alias": "default",
        "Configuration": record["Configuration"],
        "TypeArn": _arn(name),
        "TypeName": name,
    }
    return f"<member>{''.join(f'<{key}>{escape(value)}</{key}>' for key, value in reported.items())}</member>"


def _answer(action: str, result: str) -> Response:
    body = f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result></{action}Response>'
    return 200, {"Content-Type": "text/xml"}, body.encode()
