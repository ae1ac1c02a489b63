"""The estate of thirteen tenants that is mutated: every mode, every state, a replica, imported keys."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenant_keys.manifest import Estate, load_estate, load_manifest
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.update import new_lock, record_key_ids, update
from tools import sample_manifest
from tools.cloud_assembly import rename_assets

ROOT = Path(__file__).parents[2]
CENTRAL = "111111111111"
PRIMARY = "mrk-" + "0a" * 16
"""The id of gina's key, as if it were deployed."""
MANIFEST = (
    f"{sample_manifest.CENTRAL}  auditors: [access-analyzer, config]\n{sample_manifest.ISSUERS}"
    """\
audit: {trail: own}
guardrails: {management_account: "444444444444", import_path: /key-import/}
workloads:
  orders: {account: "222222222222", runs_on: lambda, operations: [encrypt, decrypt, re-encrypt]}
  mails:
    account: "222222222222"
    runs_on: eks
    operations: [encrypt]
    permissions_boundary: policy/Demanded
    irsa: {oidc_provider: oidc.eks.eu-west-1.amazonaws.com/id/AB, namespace: mails, service_account: mails}
  billing: {account: "333333333333", runs_on: ecs, access: session-tag}
  premises:
    account: "333333333333"
    runs_on: roles-anywhere
    roles_anywhere:
      certificate_authority:
        arn:aws:acm-pca:eu-west-1:333333333333:certificate-authority/11111111-2222-3333-4444-555555555555
      common_name: premises
  notes:
    account: "333333333333"
    runs_on: eks
    operations: [decrypt]
    pod_identity: {cluster: main, namespace: notes, service_account: notes}
  portal: {account: "222222222222", access: web-identity, identity_provider: customers, audience: portal-keys}
defaults: {workloads: [orders, mails, billing, portal]}
tenants:
  alma: {}
  alma-two: {}
  bert: {}
  carla: {}
  dora: {workloads: [orders]}
  emil: {workloads: [billing]}
  fred: {workloads: [orders, billing], decrypt_by: key}
  gina: {workloads: [orders, billing], key: {multi_region: true}}
  hugo: {key: {origin: imported, import_role: role/key-import/hugo-key-import}}
  ida:
    key:
      origin: imported
      custodian: {account: "666666666666", role: role/KeyCustodian, external_id: ida-keys-7}
      expires: never
  lola: {workloads: [premises, notes]}
  jan: {state: suspended}
  kim: {state: offboarding}
"""
)
CELL, REPLICA = "tenant-keys-cell-eu-west-1-001", "tenant-keys-replica-eu-central-1-of-eu-west-1-001"
ROLES, SHARED = "tenant-keys-roles-001", "tenant-keys-shared-access"
GUARDRAILS = "tenant-keys-guardrails"
PLACE = "tenant-keys-workload-222222222222-eu-west-1"
Body = dict[str, Any]


@dataclass
class Synthesized:
    """The templates as the app wrote them, and what they are to hold."""

    folder: Path
    estate: Estate
    templates: Mapping[str, Body]

    def write(self, changed: Templates, folder: Path) -> Path:
        """Write an assembly with the changed templates, its assets named for them; the rest is linked."""
        folder.mkdir()
        for file in self.folder.iterdir():
            stack = file.name.removesuffix(".template.json")
            if stack in changed.opened:
                (folder / file.name).write_text(json.dumps(changed.opened[stack]))
            else:
                os.link(file, folder / file.name)
        rename_assets(folder)
        return folder


class Templates:
    """Templates to be changed; each is copied when it is first looked at."""

    def __init__(self, originals: Mapping[str, Body]) -> None:
        self._originals = originals
        self.opened: dict[str, Body] = {}

    def sections(self, stack: str) -> Body:
        """The whole template."""
        if stack not in self.opened:
            self.opened[stack] = copy.deepcopy(self._originals[stack])
        return self.opened[stack]

    def resources(self, stack: str) -> Body:
        resources: Body = self.sections(stack)["Resources"]
        return resources

    def key(self, tenant: str, stack: str = CELL) -> Body:
        """The resource of a tenant's key."""
        name = tenant.replace("-", "X")
        resource: Body = self.resources(stack)[f"{'Replica' if stack == REPLICA else 'Key'}{name}"]
        return resource

    def alias(self, tenant: str) -> Body:
        resource: Body = self.resources(CELL)[f"Alias{tenant.replace('-', 'X')}"]
        return resource

    def policy(self, tenant: str, stack: str = CELL) -> Body:
        policy: Body = self.key(tenant, stack)["Properties"]["KeyPolicy"]
        return policy

    def statement(self, tenant: str, sid: str, stack: str = CELL) -> Body:
        return _named(self.policy(tenant, stack), sid)

    def role(self, tenant: str, workload: str = "orders") -> Body:
        """The properties of a tenant's role."""
        name = f"Role{tenant.replace('-', 'X')}For{workload}"
        properties: Body = self.resources(ROLES)[name]["Properties"]
        return properties

    def shared(self, workload: str) -> Body:
        """The properties of a shared role."""
        properties: Body = self.resources(SHARED)[f"SharedRole{workload}"]["Properties"]
        return properties

    def workload(self, name: str) -> Body:
        properties: Body = self.resources(PLACE)[f"Role{name}"]["Properties"]
        return properties


def identity(role: Body, sid: str = "UseOwnTenantKey") -> Body:
    """A statement of a role's own policy."""
    return _named(role["Policies"][0]["PolicyDocument"], sid)


def trust(role: Body) -> Body:
    """The one statement of a role's trust policy."""
    statement: Body = role["AssumeRolePolicyDocument"]["Statement"][0]
    return statement


def _named(document: Body, sid: str) -> Body:
    statement: Body = next(one for one in document["Statement"] if one["Sid"] == sid)
    return statement


def synthesize(folder: Path) -> Synthesized:
    """Run the app once, in an empty folder."""
    manifest = folder / "tenants.yaml"
    manifest.write_text(MANIFEST)
    model = load_manifest(manifest)
    lock, _ = update(model, new_lock(model))
    manifest.with_suffix(".lock").write_text(render_lock(record_key_ids(lock, {"gina": PRIMARY})))
    output = folder / "cdk.out"
    environment = {
        **os.environ,
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "constructs")]),
    }
    program = [sys.executable, str(ROOT / "tools" / "benchmarks" / "our_app.py"), str(manifest), str(output)]
    subprocess.run(program, env=environment, check=True, capture_output=True)
    return read(folder)


def read(folder: Path) -> Synthesized:
    """What `synthesize` left in the folder."""
    output = folder / "cdk.out"
    return Synthesized(output, load_estate(folder / "tenants.yaml"), dict(_read(output)))


def _read(folder: Path) -> Iterator[tuple[str, Body]]:
    for file in sorted(folder.glob("*.template.json")):
        yield file.name.removesuffix(".template.json"), json.loads(file.read_text())
