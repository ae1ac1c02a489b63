"""Access roles, workload roles and roles of nobody's with one thing broken."""

from __future__ import annotations

from tools.mutants.role_policies import identities
from tools.mutants.trust_policies import trusts
from tools.mutants.undeclared_roles import strangers

MUTANTS = (*identities(), *strangers(), *trusts())
