"""KMS grants to principals: a third source of Allow, and of nothing else.

Since 2026 a grant may name an AWS service instead (`GranteeServicePrincipal`, constrained by `SourceArn`). Such grants
are not modelled here; every key policy of the project denies CreateGrant to every principal.
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tenant_keys.review.iam.principal import Principal
from tenant_keys.review.iam.request import Request

#: Grant operations to which an encryption-context constraint applies (API_GrantConstraints).
WITH_CONTEXT = frozenset(
    {
        "decrypt",
        "encrypt",
        "generatedatakey",
        "generatedatakeywithoutplaintext",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "reencryptfrom",
        "reencryptto",
    }
)
_CONTEXT_KEY = "kms:encryptioncontext:"


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant on the requested key. `operations` as KMS names them, such as `Decrypt`."""

    grantee: str
    operations: tuple[str, ...]
    encryption_context_equals: Mapping[str, str] | None = None
    encryption_context_subset: Mapping[str, str] | None = None
    name: str = "grant"

    def allows(self, request: Request) -> bool:
        """Whether this grant covers the request, apart from any Deny."""
        service, _, operation = request.action_key.partition(":")
        if service != "kms" or operation not in {name.lower() for name in self.operations}:
            return False
        if not self._is_for(request.principal):
            return False
        return operation not in WITH_CONTEXT or self._context_fits(request)

    def _is_for(self, principal: Principal) -> bool:
        if self.grantee in (principal.arn, principal.role_arn):
            return True
        parts = self.grantee.split(":", 5)
        return len(parts) == 6 and parts[5] == "root" and principal.in_account and parts[4] == principal.account

    def _context_fits(self, request: Request) -> bool:
        """Keys ignore case, values do not."""
        start = len(_CONTEXT_KEY)
        given = {key[start:]: value for key, value in request.keys.items() if key.startswith(_CONTEXT_KEY)}
        if self.encryption_context_equals:
            wanted = {key.lower(): value for key, value in self.encryption_context_equals.items()}
            if given != wanted:
                return False
        if self.encryption_context_subset:
            wanted = {key.lower(): value for key, value in self.encryption_context_subset.items()}
            if any(given.get(key) != value for key, value in wanted.items()):
                return False
        return True
