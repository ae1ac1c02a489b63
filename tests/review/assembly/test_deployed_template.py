"""An assembly that the CDK CLI would deploy differently from how it reads is refused, with the file named.

Each case is decided by the code of the pinned CLI (lib/index.js of aws-cdk 2.1148.1): `CloudAssembly`,
`CloudFormationStackArtifact`, `makeBodyParameter`, `AssetManifest`, `FileAssetHandler`, `deployStack`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import load_estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import AssemblyInconsistent, ReviewError
from tenant_keys.review.proof import prove
from tools.cloud_assembly import edit_json, edit_template

ROOT = Path(__file__).parents[3]
CELL, ROLES = "tenant-keys-cell-eu-west-1-001", "tenant-keys-roles-001"
ASSETS = f"{CELL}.assets.json"
Tamper = Callable[[Path], object]
Json = dict[str, Any]


def manifest(edit: Callable[[Json], object]) -> Tamper:
    return lambda folder: edit_json(folder / "manifest.json", edit)


def artifact(edit: Callable[[Json], object], name: str = CELL) -> Tamper:
    return manifest(lambda whole: edit(whole["artifacts"][name]))


def properties(name: str = CELL, **changed: object) -> Tamper:
    return artifact(lambda one: one["properties"].update(changed), name)


def no_property(name: str) -> Tamper:
    return artifact(lambda one: one["properties"].pop(name))


def assets(edit: Callable[[Json], object]) -> Tamper:
    return lambda folder: edit_json(folder / ASSETS, edit)


def asset(edit: Callable[[Json], object]) -> Tamper:
    return assets(lambda whole: edit(next(iter(whole["files"].values()))))


def source(**changed: object) -> Tamper:
    return asset(lambda one: one["source"].update(changed))


def destination(**changed: object) -> Tamper:
    return asset(lambda one: next(iter(one["destinations"].values())).update(changed))


def together(*several: Tamper) -> Tamper:
    return lambda folder: [one(folder) for one in several]


def open_policy(template: Json) -> None:
    """What an attacker wants deployed."""
    policy = template["Resources"]["Keyacme"]["Properties"]["KeyPolicy"]
    policy["Statement"] = [
        {"Sid": "Open", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    ]


def other_template(name: str) -> Tamper:
    def write(folder: Path) -> None:
        shutil.copy(folder / f"{CELL}.template.json", folder / name)
        edit_json(folder / name, open_policy)

    return write


def deploy_other_object(folder: Path) -> None:
    """The URL, the asset and its hash agree with one another; only the file is another one."""
    other_template("other.json")(folder)
    new = hashlib.sha256((folder / "other.json").read_bytes()).hexdigest()
    (old,) = json.loads((folder / ASSETS).read_text())["files"]
    for name in ("manifest.json", ASSETS):
        text = (folder / name).read_text().replace(old, new)
        (folder / name).write_text(text)
    source(path="other.json")(folder)


def swap_dependencies(whole: Json) -> None:
    one, other = whole["artifacts"][CELL], whole["artifacts"][ROLES]
    one["dependencies"], other["dependencies"] = other["dependencies"], one["dependencies"]


def another_file(whole: Json) -> None:
    """Uploaded first, it would be there already when the true template is published."""
    name, template = next(iter(whole["files"].items()))
    whole["files"] = {"0" * 64: {**template, "source": {"path": "other.json"}}, name: template}


def rename_asset(whole: Json) -> None:
    (one,) = whole["files"].values()
    whole["files"] = {"0" * 64: one}


def stage(whole: Json) -> None:
    whole["artifacts"]["assembly-x"] = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "x"}}


def nested_again(folder: Path) -> None:
    (folder / "x").mkdir()
    for file in folder.glob("*.json"):
        shutil.copy(file, folder / "x")
    manifest(stage)(folder)


def announce_asset(folder: Path) -> None:
    entry = {"type": "aws:cdk:asset", "data": {"path": "other.json", "packaging": "file", "id": "x"}}
    edit_json(folder / f"{CELL}.metadata.json", lambda whole: whole.update({"/x": [entry]}))


def announce_asset_in_escapes(folder: Path) -> None:
    announce_asset(folder)
    path = folder / f"{CELL}.metadata.json"
    path.write_text(path.read_text().replace("aws:cdk:asset", r"\u0061ws:cdk:asset"))


def twice(folder: Path) -> None:
    """The first is read by whoever looks for it, the last by JSON.parse."""
    path = folder / ASSETS
    path.write_text(path.read_text().replace('"source":', '"source": {"path": "other.json"}, "source":'))


def in_utf_16(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_text().encode("utf-16"))


TAMPERED: dict[str, tuple[Tamper, str, str]] = {
    # name: what is done, the file that the message names, words of it
    "the template edited": (
        lambda folder: edit_json(folder / f"{CELL}.template.json", open_policy),
        f"{CELL}.template.json",
        "a template of other content",
    ),
    "the template edited by a space": (
        lambda folder: (folder / f"{CELL}.template.json").write_text(
            (folder / f"{CELL}.template.json").read_text() + " "
        ),
        f"{CELL}.template.json",
        "a template of other content",
    ),
    "the template that only exports are read from edited": (
        lambda folder: edit_json(
            folder / f"{ROLES}.template.json",
            lambda whole: whole.update({"Outputs": {"X": {"Value": "x", "Export": {"Name": "x"}}}}),
        ),
        f"{ROLES}.template.json",
        "a template of other content",
    ),
    "another object deployed": (
        properties(stackTemplateAssetObjectUrl=f"s3://cdk-hnb659fds-assets-111111111111-eu-west-1/{'0' * 64}.json"),
        ASSETS,
        "which is deployed",
    ),
    "an object of another bucket deployed": (
        artifact(
            lambda one: one["properties"].update(
                stackTemplateAssetObjectUrl="s3://public-bucket/"
                + one["properties"]["stackTemplateAssetObjectUrl"][-69:]
            )
        ),
        ASSETS,
        "which is deployed",
    ),
    "a web page deployed": (
        properties(stackTemplateAssetObjectUrl="https://example.com/template.json"),
        ASSETS,
        "which is deployed",
    ),
    "a URL with the partition": (
        artifact(
            lambda one: one["properties"].update(
                stackTemplateAssetObjectUrl=one["properties"]["stackTemplateAssetObjectUrl"] + "${AWS::Partition}"
            )
        ),
        ASSETS,
        "which is deployed",
    ),
    "an empty URL": (
        properties(stackTemplateAssetObjectUrl=""),
        "manifest.json",
        "stackTemplateAssetObjectUrl: got ''",
    ),
    "no URL, and the asset still uploaded": (
        no_property("stackTemplateAssetObjectUrl"),
        "manifest.json",
        "expected properties.stackTemplateAssetObjectUrl",
    ),
    "the asset of another file": (
        together(other_template("other.json"), source(path="other.json")),
        ASSETS,
        "got 'other.json', which would be deployed",
    ),
    "asset, hash and URL of another file": (deploy_other_object, ASSETS, "got 'other.json', which would be deployed"),
    "templateFile of another file": (
        together(other_template("other.json"), properties(templateFile="other.json")),
        ASSETS,
        "the stack's templateFile is other.json",
    ),
    "a file of the same name above the assembly": (
        source(path=f"../{CELL}.template.json"),
        ASSETS,
        "would be deployed",
    ),
    "a path with a NUL": (source(path="\0"), ASSETS, "would be deployed"),
    "no path": (asset(lambda one: one["source"].pop("path")), ASSETS, "got None"),
    "a program that makes the template": (
        source(executable=["sh", "-c", "x"]),
        ASSETS,
        "a program would make the file",
    ),
    "a zipped folder": (source(packaging="zip"), ASSETS, "packaging: got 'zip'"),
    "a second file": (together(other_template("other.json"), assets(another_file)), ASSETS, "files: got 2"),
    "no file": (assets(lambda whole: whole.update(files={})), ASSETS, "files: got 0"),
    "a container image": (
        assets(lambda whole: whole.update(dockerImages={"x": {"source": {"directory": "."}, "destinations": {}}})),
        ASSETS,
        "dockerImages: got an image",
    ),
    "an asset by another name than its hash": (assets(rename_asset), ASSETS, "objectKey: got"),
    "an object of another name": (destination(objectKey="template.json"), ASSETS, "objectKey: got template.json"),
    "the bucket of another account": (
        destination(bucketName="cdk-hnb659fds-assets-999999999999-eu-west-1"),
        ASSETS,
        "got bucket cdk-hnb659fds-assets-999999999999-eu-west-1",
    ),
    "the bucket of another Region": (
        destination(bucketName="cdk-hnb659fds-assets-111111111111-us-east-1"),
        ASSETS,
        "deployed from the account and Region of its stack alone",
    ),
    "a bucket of no bootstrap stack": (destination(bucketName="mine"), ASSETS, "got bucket mine"),
    "a destination in another Region": (destination(region="us-east-1"), ASSETS, "in us-east-1"),
    "a destination in the Region of whoever deploys": (
        asset(lambda one: next(iter(one["destinations"].values())).pop("region")),
        ASSETS,
        "in None",
    ),
    "a second destination in another account": (
        asset(
            lambda one: one["destinations"].update(
                other={**next(iter(one["destinations"].values())), "bucketName": "cdk-x-assets-999999999999-eu-west-1"}
            )
        ),
        ASSETS,
        "destinations.other",
    ),
    "no destination": (asset(lambda one: one.update(destinations={})), ASSETS, "none is s3://"),
    "uploaded by another role": (
        destination(assumeRoleArn="arn:aws:iam::999999999999:role/mallory"),
        ASSETS,
        "assumeRoleArn: got arn:aws:iam::999999999999:role/mallory",
    ),
    "uploaded under options of STS": (
        destination(assumeRoleAdditionalOptions={"Policy": "{}"}),
        ASSETS,
        "assumeRoleAdditionalOptions: got a field that the review does not know",
    ),
    "a field of the asset that nobody knows": (
        asset(lambda one: one.update(transform="x")),
        ASSETS,
        "transform: got a field that the review does not know",
    ),
    "a source that stands twice": (twice, ASSETS, "source stands twice in one object"),
    "the asset manifest missing": (lambda folder: (folder / ASSETS).unlink(), ASSETS, "cannot be read"),
    "the asset manifest a list": (lambda folder: (folder / ASSETS).write_text("[]"), ASSETS, "got list"),
    "no dependency on the asset manifest": (
        artifact(lambda one: one.update(dependencies=[])),
        "manifest.json",
        "no stack depends on this asset manifest",
    ),
    "the asset manifests of two stacks swapped": (manifest(swap_dependencies), ".assets.json", "would be deployed"),
    "two asset manifests": (
        artifact(lambda one: one["dependencies"].append(f"{ROLES}.assets")),
        f"{CELL}.template.json",
        "depends on 2 asset manifests",
    ),
    "a dependency on nothing": (
        artifact(lambda one: one["dependencies"].append("nothing")),
        "manifest.json",
        "nothing is no artifact",
    ),
    "an asset manifest of no stack": (
        manifest(lambda whole: whole["artifacts"].update(more=dict(whole["artifacts"][f"{CELL}.assets"]))),
        "manifest.json",
        "no stack depends on this asset manifest",
    ),
    "an artifact of an unknown type": (
        manifest(lambda whole: whole["artifacts"].update(more={"type": "aws:cloudformation:stackset"})),
        "manifest.json",
        "got aws:cloudformation:stackset",
    ),
    "an artifact of a type that is no text": (
        manifest(lambda whole: whole["artifacts"].update(more={"type": ["aws:cloudformation:stack"]})),
        "manifest.json",
        "more.type: got",
    ),
    "an unknown field of an artifact": (
        artifact(lambda one: one.update(overrides={})),
        "manifest.json",
        "overrides: got a field that the review does not know",
    ),
    "an unknown field of a stack": (
        properties(templateOverride="other.json"),
        "manifest.json",
        "templateOverride: got a field that the review does not know",
    ),
    "an unknown field of the manifest": (
        manifest(lambda whole: whole.update(include=["other"])),
        "manifest.json",
        "include: got a field that the review does not know",
    ),
    "parameters": (properties(parameters={"Who": "*"}), "manifest.json", "parameters: got Who"),
    "parameters that are no texts": (properties(parameters={"Who": {"Ref": "X"}}), "manifest.json", "parameters: got"),
    "a tag of the stack, which its roles would carry": (
        properties(ROLES, tags={"tenant_id": "acme"}),
        f"{ROLES}.template.json",
        "the stack's tag tenant_id=acme would become a tag of this resource",
    ),
    "notifications to a topic": (
        properties(notificationArns=["arn:aws:sns:eu-west-1:999999999999:x"]),
        "manifest.json",
        "notificationArns: got a field that the review does not know",
    ),
    "the deploy role assumed with an external id": (
        properties(assumeRoleExternalId="x"),
        "manifest.json",
        "assumeRoleExternalId: got a field that the review does not know",
    ),
    "the deploy role assumed under options of STS": (
        properties(assumeRoleAdditionalOptions={"Tags": [{"Key": "tenant_id", "Value": "acme"}]}),
        "manifest.json",
        "assumeRoleAdditionalOptions: got a field that the review does not know",
    ),
    "a deploy role of another account": (
        properties(assumeRoleArn="arn:${AWS::Partition}:iam::999999999999:role/x"),
        "manifest.json",
        "assumeRoleArn: got arn:${AWS::Partition}:iam::999999999999:role/x",
    ),
    "an execution role of another account": (
        properties(cloudFormationExecutionRoleArn="arn:aws:iam::999999999999:role/x"),
        "manifest.json",
        "cloudFormationExecutionRoleArn: got arn:aws:iam::999999999999:role/x",
    ),
    "a lookup role with options of STS": (
        artifact(lambda one: one["properties"]["lookupRole"].update(assumeRoleAdditionalOptions={})),
        "manifest.json",
        "lookupRole.assumeRoleAdditionalOptions: got a field",
    ),
    "termination protection in text": (
        properties(terminationProtection="false"),
        "manifest.json",
        "terminationProtection: got 'false'",
    ),
    "an empty stack name, which the CLI takes for none": (
        properties(stackName=""),
        "manifest.json",
        "stackName: got ''",
    ),
    "context that is missing": (
        manifest(lambda whole: whole.update(missing=[{"key": "x", "provider": "ssm", "props": {}}])),
        "manifest.json",
        "missing: the app lacks values of an AWS account",
    ),
    "a stage that holds the same stacks": (nested_again, "", "two stacks tenant-keys-cell-eu-west-1-001"),
    "a stage whose folder is missing": (manifest(stage), "x/manifest.json", "no such file"),
    "an asset announced in metadata": (announce_asset, f"{CELL}.metadata.json", "announces an asset"),
    "an asset announced in metadata, in escapes": (
        announce_asset_in_escapes,
        f"{CELL}.metadata.json",
        "announces an asset",
    ),
    "an asset announced in the manifest": (
        artifact(lambda one: one.update(metadata={"/x": [{"type": "aws:cdk:asset", "data": {}}]})),
        "manifest.json",
        "metadata: announces an asset",
    ),
    "the metadata missing": (
        lambda folder: (folder / f"{CELL}.metadata.json").unlink(),
        f"{CELL}.metadata.json",
        "cannot be read",
    ),
    "the manifest in UTF-16": (in_utf_16, "manifest.json", "not JSON in UTF-8"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_an_assembly_that_deploys_something_else_is_refused(sample_assembly: Path, tmp_path: Path, name: str) -> None:
    tamper, file, words = TAMPERED[name]
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)
    tamper(folder)
    with pytest.raises(ReviewError) as refused:
        list(Assembly.open(folder).stacks())
    assert file in str(refused.value)
    assert words in str(refused.value)
    assert str(folder) in str(refused.value)


HARMLESS: dict[str, Tamper] = {
    "nothing": lambda _: None,
    "the template written anew, with its assets": lambda folder: edit_template(folder, CELL, lambda _: None),
    "the template named by a longer path": source(path=f"../cdk.out/./{CELL}.template.json"),
    "packaging left to its default": asset(lambda one: one["source"].pop("packaging")),
    "no container images": assets(lambda whole: whole.pop("dockerImages")),
    "placeholders in the bucket's name": destination(
        bucketName="cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    ),
    "another display name": artifact(lambda one: one.update(displayName="x")),
    "a file that nothing names": other_template("other.template.json"),
    "the construct tree": manifest(
        lambda whole: whole["artifacts"].update(Tree={"type": "cdk:tree", "properties": {"file": "tree.json"}})
    ),
    "a version asked of the bootstrap stack": properties(requiresBootstrapStackVersion=30),
    "a stack without assets, whose template the CLI sends itself": together(
        no_property("stackTemplateAssetObjectUrl"),
        artifact(lambda one: one.update(dependencies=[])),
        manifest(lambda whole: whole["artifacts"].pop(f"{CELL}.assets")),
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_leaves_the_deployment_as_it_is_stays_proved(sample_assembly: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)
    HARMLESS[name](folder)
    proof = prove(folder, load_estate(ROOT / "tenants.yaml"))
    assert (proof.verdict, proof.findings) == ("proved", ())


ELSEWHERE: dict[str, tuple[Tamper, str]] = {
    "another execution role": (
        properties(cloudFormationExecutionRoleArn="arn:aws:iam::111111111111:role/Admin"),
        f"stack {CELL} is deployed by arn:aws:iam::111111111111:role/Admin",
    ),
    "the execution role of another Region": (
        properties(
            "tenant-keys-workload-222222222222-eu-west-1",
            cloudFormationExecutionRoleArn=(
                "arn:aws:iam::222222222222:role/cdk-hnb659fds-cfn-exec-role-222222222222-us-east-1"
            ),
        ),
        "cfn-exec-role-222222222222-us-east-1; expected",
    ),
    "no execution role": (
        no_property("cloudFormationExecutionRoleArn"),
        f"stack {CELL} is deployed by the credentials of whoever runs the deployment",
    ),
    "another deploy role": (
        properties(assumeRoleArn="arn:aws:iam::111111111111:role/Admin"),
        "the CDK CLI assumes arn:aws:iam::111111111111:role/Admin",
    ),
    "another bootstrap stack": (
        lambda folder: [
            (folder / name).write_text((folder / name).read_text().replace("cdk-hnb659fds-", "cdk-other-"))
            for name in ("manifest.json", *(path.name for path in folder.glob("*.assets.json")))
        ],
        f"stack {CELL} is uploaded by the bootstrap stack other; tenants.yaml declares hnb659fds",
    ),
    "an account that is not declared": (
        manifest(
            lambda whole: whole["artifacts"].update(
                more={
                    "type": "aws:cloudformation:stack",
                    "environment": "aws://999999999999/eu-west-1",
                    "properties": {"templateFile": f"{ROLES}.template.json"},
                }
            )
        ),
        "stack more goes to account 999999999999, which tenants.yaml does not declare",
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_stack_that_others_deploy_than_the_manifest_declares_is_refuted(
    sample_assembly: Path, tmp_path: Path, name: str
) -> None:
    tamper, words = ELSEWHERE[name]
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)
    tamper(folder)
    proof = prove(folder, load_estate(ROOT / "tenants.yaml"))
    assert proof.verdict == "refuted"
    assert any(words in finding.what for finding in proof.findings)


def test_the_proof_of_an_inconsistent_assembly_is_none(sample_assembly: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)
    edit_json(folder / f"{CELL}.template.json", open_policy)
    proof = prove(folder, load_estate(ROOT / "tenants.yaml"))
    assert proof.verdict == "not proved"
    assert f"{CELL}.template.json: its SHA-256 is" in proof.findings[0].what


def test_tags_that_every_role_and_key_of_the_stack_carries_itself_are_no_news(
    sample_assembly: Path, tmp_path: Path
) -> None:
    """As `Tags.of(app).add(...)` writes them: to the stack and to each resource."""
    folder = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, folder)

    def tag(template: Json) -> None:
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::IAM::Role":
                resource["Properties"].setdefault("Tags", []).append({"Key": "cost", "Value": "x"})

    edit_template(folder, ROLES, tag)
    properties(ROLES, tags={"cost": "x"})(folder)
    assert prove(folder, load_estate(ROOT / "tenants.yaml")).proved
    edit_template(
        folder,
        ROLES,
        lambda template: next(one for one in template["Resources"].values() if one["Type"] == "AWS::IAM::Role")[
            "Properties"
        ]["Tags"].pop(),
    )
    with pytest.raises(AssemblyInconsistent, match="the stack's tag cost=x"):
        list(Assembly.open(folder).stacks())
