"""What somebody may do to a deployed estate past its pipeline, by AWS's API, and how it is undone.

Each drift says which findings it must cause. Drifts of one batch touch different things, so that one run of verify can
show that each is named and nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.operations.verify.deployed import Deployed
from tests.operations.verify.drift import Drift, Found, Undo
from tests.operations.verify.drifts_of_keys import (
    alias_of_the_offboarded,
    change_policy,
    change_replica,
    delete_alias,
    delete_keys,
    delete_material,
    disable,
    expiring,
    foreign_alias,
    grant,
    hidden_replica,
    move_alias,
    move_primary,
    orphan,
    rotation_off,
    rotation_period,
    second_alias,
    share,
    shut_out,
    unknown_key,
    untag,
)
from tests.operations.verify.drifts_of_roles import (
    anchor,
    association,
    attach,
    audience,
    delete_role,
    inline,
    instance_profile,
    more_pods,
    parameter,
    parameter_of_nobody,
    recreate_role,
    second_profile,
    thumbprint,
    trust,
    trust_of_the_deleted,
    unexpected_role,
)
from tests.operations.verify.drifts_of_the_audit import auditor, exclude_kms, stop_trail, unprotect, warn

BATCHES: dict[str, list[Drift]] = {
    "first": [
        Drift("an alias is moved to another tenant's key", move_alias),
        Drift("an alias is deleted", delete_alias),
        Drift("an alias of the estate's pattern is made", foreign_alias),
        Drift("a key gets a second alias", second_alias),
        Drift("a key gets the alias of an offboarded tenant", alias_of_the_offboarded),
        Drift("a key is disabled", disable),
        Drift("rotation is switched off", rotation_off),
        Drift("a condition of a key policy is widened", change_policy),
        Drift("a condition of a replica's key policy is widened", change_replica),
        Drift("a trust policy is widened", trust),
        Drift("a managed policy is attached", attach),
        Drift("an inline policy is added", inline),
        Drift("a role is made below the estate's path", unexpected_role),
        Drift("an identity provider accepts one more audience", audience),
        Drift("a parameter is changed", parameter),
        Drift("the session tags of pods are switched on", association),
        Drift("a trust anchor is disabled", anchor),
        Drift("an instance profile gets a role", instance_profile),
        Drift("termination protection is switched off", unprotect),
        Drift("the trail is stopped", stop_trail),
        Drift("the CloudFormation Hook only warns", warn),
        Drift("AWS Config begins to work in the account", auditor),
    ],
    "second": [
        Drift("a key is shared by AWS RAM", share),
        Drift("a grant is made", grant),
        Drift("the period of rotation is changed", rotation_period),
        Drift("a tag is taken off a key", untag),
        Drift("imported material expires soon", expiring),
        Drift("the primary of a multi-Region key is moved", move_primary),
        Drift("a role is deleted", delete_role),
        Drift("a role is deleted and created again", recreate_role),
        Drift("a trust policy names a role that is deleted", trust_of_the_deleted),
        Drift("the thumbprint of an identity provider is changed", thumbprint),
        Drift("a parameter of no workload is made", parameter_of_nobody),
        Drift("more pods get a role", more_pods),
        Drift("a profile hands out sessions of another role", second_profile),
        Drift("the trail leaves KMS out", exclude_kms),
    ],
    "third": [
        Drift("imported material is deleted", delete_material),
        Drift("the reader may not read rotation", shut_out),
    ],
    "last": [
        Drift("imported material stays deleted", lambda d: ({("key-state", d.key("globex"))}, lambda: None)),
        Drift("a key of nobody is made", unknown_key),
        Drift("a deployment fails and leaves a key", orphan),
        Drift("a multi-Region key is replicated to a Region of nobody", hidden_replica),
        Drift("keys are deleted", delete_keys),
    ],
}


@contextmanager
def made(d: Deployed, drifts: list[Drift]) -> Iterator[dict[str, Found]]:
    """Within the block the drifts are there; the last one made is undone first."""
    found: dict[str, Found] = {}
    undo: list[Undo] = []
    try:
        for drift in drifts:
            found[drift.name], back = drift.make(d)
            undo.append(back)
        yield found
    finally:
        for back in reversed(undo):
            back()
