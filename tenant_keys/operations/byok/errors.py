"""What AWS KMS refuses of a ceremony, each with the way out. Source: API reference, ImportKeyMaterial, errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.operations.errors import OperationError

_AGAIN = "run the same command again: it continues from the state in AWS"
_START = "run `tenant-keys byok start` and wrap again"
WAYS_OUT: Final = {
    "AccessDeniedException": "use credentials of the tenant's import role, whose policy byok.md shows",
    "ConflictException": f"a rotation is under way; wait, then {_AGAIN}",
    "DependencyTimeoutException": f"KMS timed out; {_AGAIN}",
    "DisabledException": "the key is disabled; `tenant-keys tenant resume` and a deployment enable it",
    "ExpiredImportTokenException": f"import tokens live 24 hours; {_START}",
    "IncorrectKeyMaterialException": "these are not the bytes that this key had; wrap the material of the same label",
    "InvalidArnException": "the file names a key in another form than this Region's; " + _START,
    "InvalidCiphertextException": f"wrapped under another key, or not by OAEP with SHA-256 for both digests; {_START}",
    "InvalidImportTokenException": f"the token belongs to another key; {_START}",
    "KMSInternalException": f"KMS failed; {_AGAIN}",
    "KMSInvalidStateException": (
        "`tenant-keys byok status` shows the key's state; complete or cancel the operation in progress"
    ),
    "LimitExceededException": "KMS rotates a key on demand 25 times and no more; use a new key",
    "NotFoundException": "deploy the tenant first, or check account and Region of the credentials",
    "ThrottlingException": f"GetParametersForImport is granted once a second in a Region; {_AGAIN}",
    "UnsupportedOperationException": "the key is not an imported one, or this is a replica: start at the primary",
}
"""By error code of KMS."""


class ByokError(OperationError):
    """Raised when AWS or a file of the ceremony does not allow the next step; what is done stays done."""


class NotImported(ByokError):
    """Raised when the tenant's key has material that KMS makes."""


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn an error of AWS into a sentence with the way out; the request, which holds ciphertext, is not repeated.

    Raises:
        ByokError: AWS refused.
    """
    try:
        yield
    except ClientError as problem:
        code = problem.response["Error"]["Code"]
        said = problem.response["Error"].get("Message") or "no message"
        way_out = WAYS_OUT.get(code, f"AWS does not list this error for the operation; {_AGAIN}")
        raise ByokError(f"{where}: {code}: {said}; {way_out}") from None
    except BotoCoreError as problem:
        raise ByokError(f"{where}: {problem}; {_AGAIN}") from None
