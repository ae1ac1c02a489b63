"""Brings the last assembly up to date where a few cells changed, without the CDK; any doubt means a full synth.

A cell's template is a function of its tenants, of all else that the manifest declares, of the code and the libraries.
A full synth leaves a record of these beside the templates, with a hash of every file, and of each cell the template
that the CDK wrote from its examples. Where nothing else changed, an unchanged cell's files are what a full synth would
write, and a changed cell whose examples are the same is completed from the same text, as a full synth does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.manifest.replace_file import replace_file
from tenant_keys.policy.access_role import shared_role_policy
from tenant_keys.policy.guardrails import resource_control_policy, service_control_policy
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_keys.policy.workload_configuration import workload_configuration
from tenant_keys.review.proof.changed_cells import Classes, proves_changed_cells
from tenant_keys.review.proof.record import RECORD as PROOF
from tenant_keys.review.proof.record import recorded_verdict, write_record
from tenant_stacks.cell import Cell
from tenant_stacks.members import CellStack, Resident, cell_stacks
from tenant_stacks.pattern import NotOnlyNames
from tenant_stacks.template_limits import check_template

RECORD: Final = "tenant-keys-synth.json"
_OF_THE_ASSEMBLY: Final = ("cdk.out", "manifest.json", "validation-report.json", PROOF)
_OF_A_STACK: Final = (".assets.json", ".metadata.json", ".template.json")
