"""The role that a tenant's custodian assumes in the key account to bring, rotate and withdraw its key material.

GetParametersForImport, ImportKeyMaterial and DeleteImportedKeyMaterial cannot be called across accounts (KMS API
reference), so the customer's principal needs a role of the key account.
"""

from __future__ import annotations

from tenant_keys.manifest import Custodian, Estate, Tenant
from tenant_keys.policy import actions, names
from tenant_keys.policy.statement import Document, allow, document, only, root_of


def import_role_policy(tenant: Tenant, estate: Estate) -> Document:
    """Identity policy: the material of the tenant's own key in each Region where the key can be, and nothing else.

    Materials are named by key ARN, so the alias is the key's, not the request's: `kms:ResourceAliases` is multi-valued
    and not valid in key policies (AWS KMS guide, conditions-kms).
    """
    alias = names.alias_name(tenant.id, estate.naming)
    keys = names.keys_of_account(names.key_regions(tenant, estate), estate.central.account)
    own = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}}
    of = sorted((*actions.IMPORT, *actions.ROTATE, *actions.CUSTODIAN_READS))
    return document([allow("BringOwnKey", of, own, Resource=keys)])


def import_role_trust(custodian: Custodian, estate: Estate) -> Document:
    """Exactly the customer's role, with its external id and no session tags: sts:TagSession is not granted.

    The external id keeps a third party that the customer's account also trusts from using this role for another
    customer (IAM guide, confused-deputy).
    """
    whom = {**only([custodian.role]), "StringEquals": {"sts:ExternalId": custodian.external_id}}
    principal = root_of(custodian.account, estate.central.partition)
    return document([allow("AssumeByCustodian", ["sts:AssumeRole"], whom, Principal=principal)])
