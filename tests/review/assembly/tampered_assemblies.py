"""Assemblies that deploy something else than their templates show, and the words of the refusal."""

from __future__ import annotations

from tests.review.assembly.tampering import (
    ASSETS,
    CELL,
    ROLES,
    Tamper,
    announce_asset,
    announce_asset_in_escapes,
    another_file,
    artifact,
    asset,
    assets,
    deploy_other_object,
    destination,
    in_utf_16,
    manifest,
    nested_again,
    no_property,
    open_policy,
    other_template,
    properties,
    rename_asset,
    source,
    stage,
    swap_dependencies,
    together,
    twice,
)
from tools.cloud_assembly import edit_json

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
        'stackTemplateAssetObjectUrl: got ""',
    ),
    "no URL, and the asset still uploaded": (
        no_property("stackTemplateAssetObjectUrl"),
        "manifest.json",
        "expected properties.stackTemplateAssetObjectUrl",
    ),
    "the asset of another file": (
        together(other_template("other.json"), source(path="other.json")),
        ASSETS,
        'got "other.json", which would be deployed',
    ),
    "asset, hash and URL of another file": (deploy_other_object, ASSETS, 'got "other.json", which would be deployed'),
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
    "no path": (asset(lambda one: one["source"].pop("path")), ASSETS, "got nothing"),
    "a program that makes the template": (
        source(executable=["sh", "-c", "x"]),
        ASSETS,
        "a program would make the file",
    ),
    "a zipped folder": (source(packaging="zip"), ASSETS, 'packaging: got "zip"'),
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
    "a destination in the Region of anyone who deploys": (
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
    "a source that occurs twice": (twice, ASSETS, "source occurs twice in one object"),
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
        "nothing is not an artifact",
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
    "a lookup role of another account": (
        artifact(lambda one: one["properties"]["lookupRole"].update(arn="arn:aws:iam::999999999999:role/x")),
        "manifest.json",
        "lookupRole.arn: got arn:aws:iam::999999999999:role/x",
    ),
    "a lookup role without an ARN": (
        artifact(lambda one: one["properties"]["lookupRole"].pop("arn")),
        "manifest.json",
        "lookupRole.arn: got nothing; expected text",
    ),
    "a lookup role with options of STS": (
        artifact(lambda one: one["properties"]["lookupRole"].update(assumeRoleAdditionalOptions={})),
        "manifest.json",
        "lookupRole.assumeRoleAdditionalOptions: got a field",
    ),
    "termination protection in text": (
        properties(terminationProtection="false"),
        "manifest.json",
        'terminationProtection: got "false"',
    ),
    "an empty stack name, which the CLI takes for none": (
        properties(stackName=""),
        "manifest.json",
        'stackName: got ""',
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
