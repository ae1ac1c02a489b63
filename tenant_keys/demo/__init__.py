"""The demonstration on an AWS that runs on this machine: a tenant is served, and every other principal refused."""

from tenant_keys.demo.demonstration import demonstrate
from tenant_keys.demo.report import Call, Report, Statement

__all__ = ["Call", "Report", "Statement", "demonstrate"]
