"""The beginning of the small manifest that developers' tools and tests share; each adds tenants and what it needs."""

from __future__ import annotations

from typing import Final

CENTRAL: Final = """\
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1, eu-central-1]
  administrators: [role/KeyAdministrator]
  readers: [role/SecurityAudit]
  break_glass: role/KeyBreakGlass
"""
ISSUERS: Final = """\
identity_providers:
  customers: {issuer: https://login.example.com}
"""
ORDERS: Final = '  orders: {account: "222222222222", runs_on: lambda}\n'
BILLING: Final = '  billing: {account: "333333333333", runs_on: ecs, access: session-tag}\n'
DECRYPTING: Final = BILLING.replace("}", ", operations: [decrypt]}")
PORTAL: Final = (
    '  portal: {account: "222222222222", access: web-identity, identity_provider: customers, audience: portal-keys}\n'
)
