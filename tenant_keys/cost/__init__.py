"""What an estate costs a month, which quotas it uses, and how long a first deployment takes: arithmetic alone."""

from tenant_keys.cost.audit import AuditCost
from tenant_keys.cost.document import as_document
from tenant_keys.cost.prices import Dollars, Prices, load_prices
from tenant_keys.cost.report import CostReport, cost_report
from tenant_keys.cost.requests import Load
from tenant_keys.cost.what_if import with_tenants

__all__ = [
    "AuditCost",
    "CostReport",
    "Dollars",
    "Load",
    "Prices",
    "as_document",
    "cost_report",
    "load_prices",
    "with_tenants",
]
