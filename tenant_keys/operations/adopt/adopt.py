"""The steps of an adoption, each safe to repeat: what is done already is passed over.

A key is taken as it is, with its present policy; callers move to `alias/tenant-<id>` and to the access roles, and the
next ordinary deployment puts our policy on it. The old aliases stay until they are deleted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tenant_keys.manifest import Manifest, load_estate, load_manifest, read_lock
from tenant_keys.manifest.lock import Lock, render_lock, write_lock
from tenant_keys.manifest.rules import execution_roles
from tenant_keys.manifest.update import new_lock
from tenant_keys.operations.adopt.found_key import FoundKey, read_key
from tenant_keys.operations.adopt.importing import Importer, Wanted
from tenant_keys.operations.adopt.plan import AdoptionRefused, refusals, twice
from tenant_keys.operations.adopt.recording import with_adopted
from tenant_keys.operations.tenant_edit import known
from tenant_keys.policy.names import alias_name
from tenant_keys.policy.template_size import reserved_sizes
from tenant_keys.review.assembly import Assembly, StackArtifact
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.assembly.template import deployed_bytes
from tenant_keys.review.proof import prove

ClientOf = Callable[[str, str], Any]
"""A boto3 client of a service and a Region, with an administrator's credentials of the key account."""
Synthesize = Callable[[Path], Path]
"""Writes the cloud assembly of manifest and lock into a folder."""


class Adoption:
    """Existing keys that become tenants' keys."""

    def __init__(self, manifest: Path, keys: Mapping[str, str], client_of: ClientOf, synthesize: Synthesize) -> None:
        """`keys`: tenant to the ARN of its key, the primary of a multi-Region one."""
        self._path, self._given, self._client_of, self._synthesize = manifest, keys, client_of, synthesize

    def plan(self) -> dict[str, FoundKey]:
        """Read the keys.

        Raises:
            AdoptionRefused: one of them cannot be adopted; with every reason.
            EstateError: manifest or lock has errors.
            UnknownTenant: the manifest does not declare a tenant yet.
            botocore.exceptions.ClientError: AWS refuses to answer.
        """
        manifest = self._manifest()
        self._lock(manifest)
        for tenant in self._given:
            known(tenant, manifest.tenants)
        found: dict[str, FoundKey] = {}
        problems: list[str] = []
        for tenant, arn in self._given.items():
            region = _region(arn)
            key = found[tenant] = read_key(self._client_of("kms", region), arn)
            executor = _executor(manifest, region)
            problems += [f"{tenant}: {reason}" for reason in refusals(tenant, key, manifest, executor)]
            for place in (region, *key.replica_regions):
                problems += self._taken(tenant, key, place)
        problems += twice(found)
        if problems:
            raise AdoptionRefused("\n".join(problems))
        return found

    def run(self) -> Iterator[str]:
        """Adopt, and say after each step what was done.

        Raises:
            AdoptionRefused: a key cannot be adopted, or the estate with it is not proved.
            EstateError: manifest and keys contradict each other.
            botocore.exceptions.ClientError: AWS refuses.
        """
        keys = self.plan()
        yield from self._record(keys)
        with tempfile.TemporaryDirectory(prefix="tenant-keys-") as folder:
            assembly = self._synthesize(Path(folder, "cdk.out"))
            proof = prove(assembly, load_estate(self._path))
            if not proof.proved:
                found = "; ".join(finding.what for finding in proof.findings[:3])
                raise AdoptionRefused(f"the estate with these keys is {proof.verdict}: {found}")
            yield f"proved the estate with {len(keys)} adopted keys"
            yield from self._name(keys)
            yield from self._import(keys, assembly)

    def _manifest(self) -> Manifest:
        return load_manifest(self._path)

    def _lock(self, manifest: Manifest) -> Lock:
        """Adopted keys may be the first."""
        path = self._path.with_suffix(".lock")
        return read_lock(path) if path.exists() else new_lock(manifest)

    def _alias(self, tenant: str) -> str:
        return alias_name(tenant, self._manifest().naming)

    def _taken(self, tenant: str, key: FoundKey, region: str) -> list[str]:
        """The tenant's alias names another key."""
        target = self._target(self._alias(tenant), region)
        if target in (None, key.id):
            return []
        return [f"{tenant}: {self._alias(tenant)} in {region} names {target} already; delete the alias first"]

    def _target(self, alias: str, region: str) -> str | None:
        for page in self._client_of("kms", region).get_paginator("list_aliases").paginate():
            for each in page["Aliases"]:
                if each["AliasName"] == alias:
                    return str(each.get("TargetKeyId", ""))
        return None

    def _record(self, keys: Mapping[str, FoundKey]) -> Iterator[str]:
        manifest, path = self._manifest(), self._path.with_suffix(".lock")
        lock = self._lock(manifest)
        after, done = with_adopted(manifest, lock, keys, reserved_sizes)
        if not path.exists() or render_lock(after) != render_lock(lock):
            write_lock(path, after)
            yield f"recorded in {path.name}: {'; '.join(done) or ', '.join(keys)}"

    def _name(self, keys: Mapping[str, FoundKey]) -> Iterator[str]:
        """The tenant's alias beside the old ones: both names are the tenant's until its callers have moved."""
        for tenant, key in keys.items():
            for region in (key.region, *key.replica_regions):
                if self._target(self._alias(tenant), region) is None:
                    self._client_of("kms", region).create_alias(AliasName=self._alias(tenant), TargetKeyId=key.id)
                    old = [alias for alias in key.aliases if alias != self._alias(tenant)]
                    beside = f" beside {', '.join(old)}" if old else ""
                    yield f"named {key.arn} {self._alias(tenant)} in {region}{beside}"

    def _import(self, keys: Mapping[str, FoundKey], assembly: Path) -> Iterator[str]:
        manifest = self._manifest()
        for artifact in Assembly.open(assembly).artifacts:
            if artifact.account == manifest.central.account:
                wanted = self._wanted(artifact, keys)
                if wanted:
                    cloudformation = self._client_of("cloudformation", artifact.region)
                    upload = self._upload(artifact, manifest)
                    yield from Importer(cloudformation, artifact.name, artifact.execution_role, upload).run(wanted)

    def _wanted(self, artifact: StackArtifact, keys: Mapping[str, FoundKey]) -> list[Wanted]:
        """Key and alias of each adopted tenant in this stack, found by the alias's name."""
        resources = parse_json(artifact.template_path, deployed_bytes(artifact))["Resources"]
        wanted: list[Wanted] = []
        for logical_id, resource in resources.items():
            if resource["Type"] != "AWS::KMS::Alias":
                continue
            name = resource["Properties"]["AliasName"]
            tenant = next((tenant for tenant in keys if self._alias(tenant) == name), None)
            if tenant is None:
                continue
            key, own = keys[tenant], resource["Properties"]["TargetKeyId"]["Ref"]
            if artifact.region not in (key.region, *key.replica_regions):
                continue  # a replica that is yet to be created
            here = key if artifact.region == key.region else self._replica(key, artifact.region)
            wanted.append(Wanted(own, resources[own], {"KeyId": here.id}, here))
            wanted.append(Wanted(logical_id, resource, {"AliasName": name}, None))
        return wanted

    def _replica(self, key: FoundKey, region: str) -> FoundKey:
        return read_key(self._client_of("kms", region), key.id)

    def _upload(self, artifact: StackArtifact, manifest: Manifest) -> Callable[[bytes, str], str]:
        """Into the bucket of `cdk bootstrap`."""
        qualifier = manifest.central.bootstrap_qualifier
        bucket = f"cdk-{qualifier}-assets-{artifact.account}-{artifact.region}"

        def upload(body: bytes, name: str) -> str:
            self._client_of("s3", artifact.region).put_object(Bucket=bucket, Key=name, Body=body)
            return f"https://s3.{artifact.region}.{partition_of(artifact.region).url_suffix}/{bucket}/{name}"

        return upload


def _region(arn: str) -> str:
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "kms" or not parts[5].startswith("key/"):
        raise AdoptionRefused(f"got {arn}; give the ARN of the key: arn:aws:kms:REGION:ACCOUNT:key/ID")
    return parts[3]


def _executor(manifest: Manifest, region: str) -> str:
    roles = execution_roles(manifest.central)
    role = next((role for role in roles if role.endswith(f"-{region}")), roles[0])
    return f"arn:{partition_of(manifest.central.home_region).name}:iam::{manifest.central.account}:{role}"
