"""Roles that an estate names but does not make: administrators, break-glass, a tenant's import role."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tenant_keys.aws_facts.identity_center import example_of
from tenant_keys.local.deploy import ADMINISTRATOR, Place, Server, operator_credentials


def ensure_role(aws: Server, role_arn: str) -> None:
    """Make a role as it is in an account before us: an administrator, whom only the key policies hold back."""
    role_arn = example_of(role_arn)
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    path = role_arn.partition(":role")[2].removesuffix(name)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
    _make(aws, account, name, path, json.dumps(trust))


def _make(aws: Server, account: str, name: str, path: str, trust: str) -> None:
    iam = aws.session(account).client("iam")
    try:
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
    except ClientError as problem:
        if problem.response["Error"]["Code"] != "EntityAlreadyExists":
            raise
    iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)


def assume_as_custodian(aws: Server, custodian: str, external_id: str, import_role: str) -> boto3.Session:
    """A session of a tenant's import role, as the customer's own principal obtains it from the customer's account."""
    ensure_role(aws, custodian)
    owner = aws.session(credentials=operator_credentials(aws, custodian.split(":")[4])).client("sts")
    own = owner.assume_role(RoleArn=custodian, RoleSessionName="custodian")["Credentials"]
    answer = (
        aws.session(credentials=own)
        .client("sts")
        .assume_role(RoleArn=import_role, RoleSessionName="custodian", ExternalId=external_id)
    )
    return aws.session(credentials=answer["Credentials"])


def ensure_execution_roles(aws: Server, place: Place) -> None:
    """Make the execution roles that the stacks name, as their organization has made them before it deploys with them.

    CloudFormation assumes the role, and the bootstrap's deploy role, which hands it over, must be allowed to (AWS
    CloudFormation guide, using-iam-servicerole).
    """
    roles = place.own_execution_roles
    if not roles:
        return
    service = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [service]})
    for arn in roles:
        name = arn.rpartition("/")[2]
        path = arn.partition(":role")[2].removesuffix(name)
        _make(aws, place.account, name, path, trust)
    handing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": list(roles)}
    aws.session(place.account).client("iam").put_role_policy(
        RoleName=place.deploy_role.rpartition("/")[2],
        PolicyName="PassNamedExecutionRoles",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [handing]}),
    )


def ensure_auditors(aws: Server, roles: Iterable[str]) -> None:
    """Make the service-linked roles of AWS's own auditors: trusted by their service alone, with every permission."""
    for role_arn in roles:
        account, (_, _, service, name) = role_arn.split(":")[4], role_arn.split("/")
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        _make(aws, account, name, f"/aws-service-role/{service}/", trust)


def ensure_boundaries(aws: Server, policies: Iterable[str]) -> None:
    """Make the managed policies with which an organization bounds roles; these bound nothing."""
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    for arn in policies:
        account, name = arn.split(":")[4], arn.rpartition("/")[2]
        path = arn.partition(":policy")[2].removesuffix(name)
        try:
            aws.session(account).client("iam").create_policy(
                PolicyName=name, Path=path, PolicyDocument=json.dumps(everything)
            )
        except ClientError as problem:
            if problem.response["Error"]["Code"] != "EntityAlreadyExists":
                raise


def assume(aws: Server, role_arn: str) -> boto3.Session:
    """A session of a role that trusts its account, through the operator; of a permission set, of one of its roles."""
    sts = aws.session(credentials=aws.operator()).client("sts")
    answer = sts.assume_role(RoleArn=example_of(role_arn), RoleSessionName="operator")
    return aws.session(credentials=answer["Credentials"])


def import_material(
    session: boto3.Session, key_id: str, valid_to: datetime | None = None, material: bytes | None = None
) -> bytes:
    """Bring 256 bits of key material, as a tenant would with its own hardware. Returns them.

    `valid_to`: when it expires; never, where it is left out. `material`: what was brought before; new, where left out.
    """
    kms = session.client("kms")
    parameters = kms.get_parameters_for_import(
        KeyId=key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_4096"
    )
    public = load_der_public_key(parameters["PublicKey"])
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError(f"wrapping key of {key_id}: got {type(public).__name__}, an RSA key was asked for")
    material = material or secrets.token_bytes(32)
    sha256 = hashes.SHA256()
    wrapped = public.encrypt(material, padding.OAEP(mgf=padding.MGF1(algorithm=sha256), algorithm=sha256, label=None))
    given: dict[str, Any] = {"KeyId": key_id, "ImportToken": parameters["ImportToken"], "EncryptedKeyMaterial": wrapped}
    if valid_to is None:
        kms.import_key_material(**given, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    else:
        kms.import_key_material(**given, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=valid_to)
    return material
