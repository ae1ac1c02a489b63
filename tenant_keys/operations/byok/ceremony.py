"""The vendor's half of "bring your own key": parameters out, wrapped material in, rotation, revocation.

Each step reads the state of every Region from KMS and does what is missing, so that a step that was interrupted is
repeated by the same command. New material goes to the primary first, then the same bytes to every replica, then
RotateKeyOnDemand at the primary (API reference, ImportKeyMaterial).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.operations.byok.errors import ByokError, explained
from tenant_keys.operations.byok.state import ClientOf, Material, RegionalKey, client_of, read_keys

ALGORITHM: Final = "RSAES_OAEP_SHA_256"
SPEC: Final = "RSA_4096"
"""As the key policy pins them."""
Say = Callable[[str], None]
"""Called with each step as it is done."""


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One tenant's key, and the clients that reach it."""

    tenant: Tenant
    estate: Estate
    make: ClientOf = client_of

    def read(self) -> list[RegionalKey]:
        """The key in each Region, the primary first; see `read_keys` for the errors."""
        return read_keys(self.tenant, self.estate, self.make)


Purpose = Literal["missing", "new", "renew"]
"""What parameters are fetched for: material that the key waits for, new material, or all again with another expiry."""


def start(ceremony: Ceremony, purpose: Purpose, *, say: Say) -> dict[str, Any]:
    """Fetch wrapping keys and tokens; they live 24 hours.

    Args:
        ceremony: the tenant's key.
        purpose: for which material.
        say: called for each Region.

    Returns:
        What `wrap.py` reads: one slot for each Region and material.

    Raises:
        ByokError: nothing is missing, or new material is pending already.
    """
    slots = []
    for key, material_id, label in _wanted(ceremony.read(), purpose):
        with explained(key.arn):
            answer = ceremony.make(key.region).get_parameters_for_import(
                KeyId=key.arn, WrappingAlgorithm=ALGORITHM, WrappingKeySpec=SPEC
            )
        say(f"{key.region}: parameters for {material_id or 'new material'} ({label})")
        slots.append(
            {
                "region": key.region,
                "key_arn": key.arn,
                "material": material_id,
                "label": label,
                "public_key": base64.b64encode(answer["PublicKey"]).decode(),
                "token": base64.b64encode(answer["ImportToken"]).decode(),
                "valid_until": answer["ParametersValidTo"].astimezone(UTC).isoformat(timespec="seconds"),
            }
        )
    return {"version": 1, "tenant": ceremony.tenant.id, "slots": slots}


_Slot = tuple[RegionalKey, "str | None", str]
"""A key in a Region, the material it waits for (None: new), and that material's label."""


def _wanted(keys: list[RegionalKey], purpose: Purpose) -> list[_Slot]:
    primary = keys[0]
    label_of = {each.id: each.label for each in primary.materials}
    if purpose == "renew":
        every: list[_Slot] = [(key, each.id, label_of.get(each.id, "")) for key in keys for each in key.materials]
        if every:
            return every
        raise ByokError(f"{primary.arn}: no material was ever imported; leave out --renew")
    missing: list[_Slot] = [(key, each.id, label_of.get(each.id, "")) for key in keys for each in key.missing]
    if purpose == "missing" and primary.materials:
        if found := [*missing, *_unfinished(keys)]:
            return found
        raise ByokError(f"{primary.arn}: every material is imported in every Region; --new asks for new material")
    if missing or (purpose == "new" and not primary.materials):
        raise ByokError(f"{primary.arn}: material is missing; import it first, without --new")
    if primary.pending is not None:
        raise ByokError(
            f"{primary.arn}: {primary.pending.id} is pending already, and KMS takes one at a time; `byok rotate`, or "
            "`byok revoke --pending` to drop it"
        )
    label = f"byok-{secrets.token_hex(8)}"
    return [(key, None, label) for key in keys]


def _unfinished(keys: list[RegionalKey]) -> Iterator[_Slot]:
    """Replicas that do not have the primary's pending material yet."""
    fresh = keys[0].pending
    for key in keys[1:]:
        if fresh is not None and key.pending is None:
            yield key, fresh.id, fresh.label


def import_material(
    ceremony: Ceremony, wrapped: Mapping[str, Any], *, expires: datetime | None, say: Say
) -> list[RegionalKey]:
    """Import each slot that KMS does not have yet, the primary's first. Returns what AWS holds then.

    Raises:
        ByokError: the file is of another tenant or key, AWS refused, or the expiry is not what the manifest says.
    """
    if wrapped.get("tenant") != ceremony.tenant.id:
        raise ByokError(
            f"the file is of tenant {wrapped.get('tenant')}, not {ceremony.tenant.id}; nothing was imported"
        )
    _check_expiry(ceremony.tenant, expires)
    keys = {key.arn: key for key in ceremony.read()}
    slots = list(wrapped["slots"])
    for slot in slots:
        if slot["key_arn"] not in keys:
            raise ByokError(f"{slot['key_arn']}: not a key of tenant {ceremony.tenant.id}; nothing was imported")
    for slot in sorted(slots, key=lambda one: not keys[one["key_arn"]].primary):
        _import_slot(ceremony, slot, expires, say)
    return ceremony.read()


def _import_slot(ceremony: Ceremony, slot: Mapping[str, Any], expires: datetime | None, say: Say) -> None:
    keys = ceremony.read()  # anew for each: the primary's new material is known to its replicas only now
    key = next(key for key in keys if key.arn == slot["key_arn"])
    known = _known(keys, key, slot)
    if known is not None and known.imported and known in key.materials and known.expires == expires:
        say(f"{key.region}: {known.id} is imported already")
        return
    arguments: dict[str, Any] = {"ExpirationModel": _model(expires)}
    if expires is not None:
        arguments["ValidTo"] = expires
    if known is None:
        if key.pending is not None:
            raise ByokError(f"{key.arn}: {key.pending.id} is pending already; rotate or drop it first")
        arguments["ImportType"] = "NEW_KEY_MATERIAL"
    else:
        arguments |= {"ImportType": "EXISTING_KEY_MATERIAL", "KeyMaterialId": known.id}
    if key.primary:
        arguments["KeyMaterialDescription"] = slot["label"]
    with explained(key.arn):
        answer = ceremony.make(key.region).import_key_material(
            KeyId=key.arn,
            ImportToken=base64.b64decode(slot["token"]),
            EncryptedKeyMaterial=base64.b64decode(slot["wrapped"]),
            **arguments,
        )
    say(f"{key.region}: imported {answer['KeyMaterialId']} ({slot['label']})")


def _known(keys: list[RegionalKey], key: RegionalKey, slot: Mapping[str, Any]) -> Material | None:
    """The material of the slot if KMS has met it: by id, or by the label that the primary's import gave it."""
    every = (*key.materials, *keys[0].materials)
    return next(
        (each for each in every if each.id == slot["material"] or (each.label and each.label == slot["label"])), None
    )


def _check_expiry(tenant: Tenant, expires: datetime | None) -> None:
    if tenant.material_expires and expires is None:
        raise ByokError(
            f"tenants.{tenant.manifest_id}.key.expires is dated: the key policy demands a date; add --expires DATE"
        )
    if not tenant.material_expires and expires is not None:
        raise ByokError(
            f"tenants.{tenant.manifest_id}.key.expires is never: the key policy refuses a date; leave out --expires"
        )
    if expires is not None and expires <= datetime.now(UTC):
        raise ByokError(f"--expires {expires.isoformat()}: in the past; at most 365 days ahead (ImportKeyMaterial)")


def _model(expires: datetime | None) -> Literal["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"]:
    return "KEY_MATERIAL_EXPIRES" if expires else "KEY_MATERIAL_DOES_NOT_EXPIRE"


def rotate(ceremony: Ceremony, *, say: Say) -> list[RegionalKey]:
    """Make pending material the current one, by RotateKeyOnDemand at the primary. KMS may finish it later.

    Raises:
        ByokError: nothing is pending, or a Region lacks the material.
    """
    keys = ceremony.read()
    primary = keys[0]
    if primary.pending is None:
        raise ByokError(f"{primary.arn}: no material is pending; `byok start --new`, wrap and import it first")
    lacking = [key.region for key in keys if key.pending is None]
    if lacking:
        raise ByokError(f"{primary.arn}: {', '.join(lacking)} lack {primary.pending.id}; `byok start`, wrap and import")
    with explained(primary.arn):
        ceremony.make(primary.region).rotate_key_on_demand(KeyId=primary.arn)
    say(f"{primary.region}: rotation to {primary.pending.id} requested")
    return ceremony.read()


Withdrawn = Literal["current", "every", "pending"]


def to_withdraw(keys: list[RegionalKey], which: Withdrawn) -> list[tuple[RegionalKey, Material]]:
    """What a revocation deletes, replicas first: any one missing material stops all use of the key in that Region.

    Pending material goes at the primary, which takes the replicas' with it (API reference, DeleteImportedKeyMaterial).
    """
    if which == "pending":
        return [(keys[0], keys[0].pending)] if keys[0].pending else []
    return [
        (key, material)
        for key in reversed(keys)
        for material in key.materials
        if material.imported and not material.pending and (which == "every" or material is key.current)
    ]


def revoke(ceremony: Ceremony, which: Withdrawn, *, say: Say) -> list[RegionalKey]:
    """Delete imported material. KMS refuses use of the key at once; the same bytes bring it back."""
    for key, material in to_withdraw(ceremony.read(), which):
        with explained(key.arn):
            ceremony.make(key.region).delete_imported_key_material(KeyId=key.arn, KeyMaterialId=material.id)
        say(f"{key.region}: deleted {material.id} ({material.label or 'no label'})")
    return ceremony.read()
