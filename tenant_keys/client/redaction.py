"""botocore's debug log prints requests and answers, data keys and tokens among them: those lines are left out."""

from __future__ import annotations

import logging

_SECRET_BEARING = ("Plaintext", "SecretAccessKey", "SessionToken", "WebIdentityToken", "X-Amz-Security-Token",
                   "x-amz-security-token")  # fmt: skip
_LOGGERS = ("botocore.parsers", "botocore.endpoint", "botocore.hooks", "botocore.auth", "botocore.retryhandler",
            "botocore.httpsession", "botocore.awsrequest")  # fmt: skip


class _WithoutSecrets(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if any(name in text for name in _SECRET_BEARING):
            record.msg, record.args = "(left out: the line carries keys or tokens)", ()
        return True


_FILTER = _WithoutSecrets()


def redact_botocore() -> None:
    """For the whole process, once; only debug lines that carry a secret change."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
