"""What each field of the manifest allows, in words: for errors and for the reference page."""

from __future__ import annotations

from tenant_keys.manifest.platforms import PLATFORMS

ROLE = "a role as `role/Name` or `role/path/Name`"
PERSON = f"{ROLE}, or `permission-set/Name`"
REGION = "an AWS Region such as eu-west-1"
TENANT = "at most 40 lower-case letters, digits and single inner hyphens"
WORKLOAD = "at most 16 lower-case letters, digits and single inner hyphens, starting with a letter"
KEY_ACCOUNT_NAME = "at most 16 lower-case letters and digits, starting with a letter"
TAGS = "at most 128 (key) and 256 (value) of letters, digits, spaces and _ . : / = + - @"

ALLOWED = {
    "extends": "the name of a file beside or below this one, such as base.yaml",
    "tenants_from": "a list: names of files beside or below this one, such as tenants/*.yaml",
    "organization": "an organization id such as o-a1b2c3d4e5",
    "account": "12 digits in quotes",
    "key_account": f"the name of one of them: {KEY_ACCOUNT_NAME}",
    "home_region": REGION,
    "regions": f"a list of at least one: {REGION}",
    "region": REGION,
    "administrators": f"a list of at least one: {PERSON}",
    "readers": f"a list: {PERSON}",
    "identity_center_region": REGION,
    "auditors": "a list: access-analyzer or config",
    "break_glass": PERSON,
    "deployment_roles": f"default, or a list of at least one: {ROLE}",
    "permissions_boundary": "a managed policy as `policy/Name` or `policy/path/Name`",
    "bootstrap_qualifier": "1 to 10 lower-case letters and digits",
    "iam_roles": "a whole number of roles from 1 to 10000",
    "trust_policy_characters": "a whole number of characters from 2048 to 8192",
    "audit": "off, or a mapping of probe_roles, trail, import_path and forward_from",
    "trail": "organization or own",
    "probe_roles": f"a list of at most five: {ROLE}",
    "forward_from": "a list of at most 50: an organizational unit such as ou-ab12-cdef3456, or a root such as r-ab12",
    "alias": "alias/{id} with a name of the estate before {id} that ends in / or _, such as alias/dev/{id}",
    "role_path": "a path of letters, digits, _ and - that begins and ends in /, such as /dev/",
    "role_prefix": "lower-case letters, digits and -, then _, such as dev_, at most 32 characters",
    "stack_prefix": "at most 32 letters, digits and single inner hyphens, starting with a letter",
    "guardrails": "a mapping of management_account and import_path",
    "management_account": "12 digits in quotes",
    "import_path": "a path of letters, digits, _ and - that begins and ends in /, such as /key-import/",
    "naming": "a mapping of alias, role_path, role_prefix and stack_prefix",
    "issuer": "an https URL of at most 255 characters",
    "existing": "true or false",
    "cluster": "a cluster name: 1 to 100 letters, digits, _ and -",
    "namespace": "a Kubernetes namespace: at most 63 lower-case letters, digits and inner hyphens",
    "service_account": "a Kubernetes name: at most 253 lower-case letters, digits, inner hyphens and dots",
    "oidc_provider": "the issuer without https://, at most 255 characters",
    "certificate_authority": "the ARN of an AWS Private CA",
    "common_name": "1 to 64 letters, digits, spaces, dots, _ and -",
    "runs_on": " or ".join(", ".join(PLATFORMS).rsplit(", ", 1)),
    "access": "tenant-role, session-tag or web-identity",
    "operations": "a list of at least one: encrypt, decrypt or re-encrypt",
    "role": ROLE,
    "identity_provider": "a name of identity_providers",
    "audience": "1 to 255 letters, digits, dots, _ : / and -",
    "rotation_days": "a whole number of days from 90 to 2560, or off",
    "deletion_hook": "true or false",
    "deletion_window_days": "a whole number of days from 7 to 30",
    "unused_days_before_deletion": "a whole number of days from 1 to 365, or off",
    "decrypt_by": "alias or key",
    "opaque": "true or false",
    "origin": "aws-kms or imported",
    "multi_region": "true or false",
    "import_role": ROLE,
    "custodian": "a mapping of account, role and external_id",
    "held_by": "tenant",
    "arns": "a mapping of Regions: the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID, and no alias",
    "grace_minutes": "a whole number of minutes from 0 to 1440",
    "external_id": "2 to 1224 letters, digits and _ + = , . @ : / -",
    "expires": "never or dated",
    "state": "active, suspended, offboarding or offboarded",
    "workloads": f"names of workloads: {WORKLOAD}",
    "identity_providers": f"a mapping of names: {WORKLOAD}",
    "tenants": f"a mapping of tenant ids: {TENANT}",
    "tags": f"a mapping: {TAGS}",
    "central": "a mapping",
    "defaults": "a mapping",
    "key": "a mapping",
    "quotas": "a mapping",
    "pod_identity": "a mapping of cluster, namespace and service_account",
    "irsa": "a mapping of oidc_provider, namespace and service_account",
    "roles_anywhere": "a mapping of certificate_authority and common_name",
}
"""By field name."""

KEYS = {"tenants": TENANT, "workloads": WORKLOAD, "identity_providers": WORKLOAD, "tags": TAGS}
"""What a key of the mapping of that name may be."""
