"""Which template the CDK CLI deploys for a stack: the object in S3 that its asset manifest uploads.

The CLI (aws-cdk 2.1148.1, `makeBodyParameter` and `FileAssetHandler` in lib/index.js) passes
`stackTemplateAssetObjectUrl` to CloudFormation, and uploads whatever the asset manifests among the stack's
`dependencies` list, unless an object of that name exists already. It never compares either with `templateFile`. So the
review reads `templateFile` only where all three are shown to be one: the names, and the SHA-256 of the content, which
aws-cdk-lib gives a template as its asset id (`contentHash` in core/lib/stack-synthesizers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tenant_keys.review.assembly.json_file import read_object
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.errors import AssemblyInconsistent, as_json

_MANIFEST: Final = frozenset({"version", "files", "dockerImages"})
_FILE: Final = frozenset({"displayName", "source", "destinations"})
_SOURCE: Final = frozenset({"path", "packaging"})
_DESTINATION: Final = frozenset({"bucketName", "objectKey", "region", "assumeRoleArn"})
_BUCKET: Final = re.compile(r"cdk-([A-Za-z0-9_-]{1,10})-assets-([0-9]{12})-([a-z0-9-]+)")
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Environment:
    """Account and Region of a stack."""

    account: str
    region: str

    def filled(self, text: str) -> str:
        """Fill in placeholders as the CDK CLI does (`EnvironmentPlaceholders` of @aws-cdk/cloud-assembly-api)."""
        values = {"AccountId": self.account, "Region": self.region, "Partition": partition_of(self.region).name}
        for name, value in values.items():
            text = text.replace(f"${{AWS::{name}}}", value)
        return text

    def bootstrap_role(self, qualifier: str, office: str) -> str:
        """The ARN of a role that `cdk bootstrap` makes (bootstrap-template.yaml of the CDK CLI)."""
        name = f"cdk-{qualifier}-{office}-role-{self.account}-{self.region}"
        return f"arn:{partition_of(self.region).name}:iam::{self.account}:role/{name}"


@dataclass(frozen=True, slots=True)
class TemplateAsset:
    """The uploaded template of a stack."""

    sha256: str
    """Of the content, in hexadecimal digits."""
    qualifier: str
    """Of the bootstrap stack whose bucket it is uploaded to."""


def template_asset(url: str, manifests: list[Path], template: Path, environment: Environment) -> TemplateAsset:
    """Return the asset that is deployed from an S3 URL, once it is shown to be the template.

    Args:
        url: `stackTemplateAssetObjectUrl` of the stack.
        manifests: the asset manifests that the stack depends on.
        template: the file that `templateFile` names.
        environment: account and Region of the stack.

    Raises:
        AssemblyInconsistent: the CDK CLI would upload or deploy anything else.
    """
    if len(manifests) != 1:
        raise AssemblyInconsistent(
            f"{template}: the stack depends on {len(manifests)} asset manifests, so which object it deploys from {url} "
            "is not known; expected one; run cdk synth again"
        )
    (path,) = manifests
    asset_id, asset = _only_file(path)
    _check_source(path, asset_id, asset, template)
    deployed = environment.filled(url) if "${AWS::Partition}" not in url else url
    qualifiers = {
        one.qualifier
        for one in _destinations(path, asset_id, asset.get("destinations"), environment)
        if one.url == deployed
    }
    if len(qualifiers) != 1:
        raise AssemblyInconsistent(
            f"{path} files.{asset_id}.destinations: none is {url}, which is deployed; run cdk synth again"
        )
    return TemplateAsset(asset_id, qualifiers.pop())


def _only_file(path: Path) -> tuple[str, dict[str, Any]]:
    manifest = known(read_object(path), _MANIFEST, f"{path}")
    if manifest.get("dockerImages"):
        raise AssemblyInconsistent(f"{path} dockerImages: got an image; the review reads templates only; remove it")
    files = manifest.get("files")
    if not isinstance(files, dict) or len(files) != 1:
        got = len(files) if isinstance(files, dict) else as_json(files)
        raise AssemblyInconsistent(
            f"{path} files: got {got}; expected the stack's template alone: any other file could be uploaded under the "
            "name of a template"
        )
    ((asset_id, asset),) = files.items()
    if not _HASH.fullmatch(asset_id) or not isinstance(asset, dict):
        raise AssemblyInconsistent(
            f"{path} files.{asset_id}: expected an asset named by a SHA-256; run cdk synth again"
        )
    known(asset, _FILE, f"{path} files.{asset_id}")
    return asset_id, asset


def _check_source(path: Path, asset_id: str, asset: Mapping[str, Any], template: Path) -> None:
    where, given = f"{path} files.{asset_id}.source", asset.get("source")
    if isinstance(given, dict) and "executable" in given:
        raise AssemblyInconsistent(f"{where}.executable: a program would make the file at deployment; name a file")
    source = known(given, _SOURCE, where)
    if source.get("packaging", "file") != "file":
        raise AssemblyInconsistent(f"{where}.packaging: got {as_json(source['packaging'])}; expected file")
    name = source.get("path")
    # The CLI resolves it against the folder of the asset manifest (`AssetManifest.fromFile`).
    if not isinstance(name, str) or not _same_file(path.parent / name, template):
        raise AssemblyInconsistent(
            f"{where}.path: got {as_json(name)}, which would be deployed; the stack's templateFile is {template.name}; "
            "run cdk synth again"
        )


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve()
    except (OSError, ValueError):  # a circle of links, a NUL
        return False


@dataclass(frozen=True, slots=True)
class _Destination:
    url: str
    qualifier: str


def _destinations(path: Path, asset_id: str, several: object, environment: Environment) -> Iterator[_Destination]:
    where = f"{path} files.{asset_id}.destinations"
    if not isinstance(several, dict):
        raise AssemblyInconsistent(f"{where}: got {as_json(several)}; expected an object; run cdk synth again")
    for name, destination in several.items():
        known(destination, _DESTINATION, f"{where}.{name}")
        values = {key: environment.filled(str(value)) for key, value in destination.items()}
        bucket = _BUCKET.fullmatch(values.get("bucketName", ""))
        place = (environment.account, environment.region)
        if bucket is None or bucket.groups()[1:] != place or values.get("region") != environment.region:
            raise AssemblyInconsistent(
                f"{where}.{name}: got bucket {values.get('bucketName')} in {values.get('region')}; expected the "
                f"bootstrap bucket cdk-<qualifier>-assets-{environment.account}-{environment.region}; "
                "a template is deployed from the account and Region of its stack alone"
            )
        if values.get("objectKey") != f"{asset_id}.json":
            raise AssemblyInconsistent(
                f"{where}.{name}.objectKey: got {values.get('objectKey')}; expected {asset_id}.json"
            )
        publisher = environment.bootstrap_role(bucket[1], "file-publishing")
        if values.get("assumeRoleArn") != publisher:
            raise AssemblyInconsistent(
                f"{where}.{name}.assumeRoleArn: got {values.get('assumeRoleArn')}; expected {publisher}"
            )
        yield _Destination(f"s3://{values['bucketName']}/{values['objectKey']}", bucket[1])


def known(value: object, names: frozenset[str], where: str) -> dict[str, Any]:
    """Return an object whose every field is known to leave a deployment as it is.

    Raises:
        AssemblyInconsistent: not an object, or it has a field that is not in `names`.
    """
    if not isinstance(value, dict):
        raise AssemblyInconsistent(f"{where}: got {as_json(value)}; expected an object; run cdk synth again")
    if unknown := sorted(value.keys() - names):
        raise AssemblyInconsistent(
            f"{where}.{unknown[0]}: got a field that the review does not know; it may change what is deployed; "
            f"allowed: {', '.join(sorted(names))}"
        )
    return value
