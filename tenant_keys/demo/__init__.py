"""The demo's story on an AWS that runs on this machine: a tenant is served, and everybody else refused."""

from tenant_keys.demo.report import Call, Report, Statement
from tenant_keys.demo.story import tell

__all__ = ["Call", "Report", "Statement", "tell"]
