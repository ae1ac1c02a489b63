"""Services of workload accounts that serve tenants: the real client, and real calls to the local AWS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import boto3

from tenant_keys.client import Tenant, TenantKeys
from tenant_keys.client import s3 as objects
from tenant_keys.client.dynamodb import decrypt_item, encrypt_item
from tenant_keys.demo.errors import NothingToServe
from tenant_keys.demo.local_estate import LocalEstate
from tenant_keys.local.existing import assume, ensure_role, import_material
from tenant_keys.policy import names

TENANT: Final = "acme"
CARD: Final = "4111 1111 1111 1111"
AUDIENCE: Final = "orders-api"
BUCKET: Final = "orders-documents"
TABLE: Final = "orders"
OBJECT: Final = "invoices/42.txt"
INVOICE: Final = f"Invoice 42, paid with {CARD}".encode()
CELL: Final[dict[str, Any]] = {"table": TABLE, "key": ("pk",), "attributes": ("card",)}


class Unexpected(Exception):
    """Raised when a call was answered, but not with what it should have been."""


@dataclass
class Service:
    """What the steps hand on to each other."""

    local: LocalEstate
    _clients: list[TenantKeys] = field(default_factory=list)

    def close(self) -> None:
        for client in self._clients:
            client.close()

    # --- orders, in account 222222222222, on Lambda, with a role per tenant

    @cached_property
    def orders(self) -> boto3.Session:
        return self.local.runs("orders")

    @cached_property
    def keys(self) -> TenantKeys:
        return self.client("orders", self.orders, AUDIENCE)

    @cached_property
    def acme(self) -> Tenant:
        return self.keys.tenant(self.token(TENANT))

    @cached_property
    def anew(self) -> Tenant:
        """In another process, which has no data key in its cache and must ask KMS to open one."""
        return self.client("orders", self.orders, AUDIENCE).tenant(self.token(TENANT))

    def token(self, tenant: str, audience: str = AUDIENCE) -> str:
        if self.local.issuer is None:
            raise NothingToServe("the manifest names no identity provider, so there is no token to verify")
        return self.local.issuer.token(audience, {"tenant_id": tenant}, claims={"tenant_id": tenant})

    def client(self, workload: str, session: boto3.Session, audience: str, document: str | None = None) -> TenantKeys:
        """As an application makes it: names from SSM, the issuer's keys fetched over HTTP."""
        issuer = self.local.issuer
        environment = {
            "TENANT_KEYS_WORKLOAD": workload,
            "TENANT_KEYS_ISSUER": issuer.url if issuer else "",
            "TENANT_KEYS_AUDIENCE": audience,
            "TENANT_KEYS_JWKS_URL": self.local.jwks_url,
            "TENANT_KEYS_CONFIG": document or "",
        }
        made = TenantKeys.from_environment(environment, session=session)
        self._clients.append(made)
        return made

    def make_stores(self) -> None:
        """The application's own table and bucket, and leave for its role to use them: not ours to deploy."""
        account = self.local.estate.workloads["orders"].account
        root, region = self.local.aws.session(account), self.local.estate.central.home_region
        root.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        where: Any = {"LocationConstraint": region}
        root.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        own = [f"arn:aws:dynamodb:{region}:{account}:table/{TABLE}", f"arn:aws:s3:::{BUCKET}/*"]
        actions = ["dynamodb:PutItem", "dynamodb:GetItem", "s3:PutObject", "s3:GetObject"]
        statement = {"Sid": "UseOwnStores", "Effect": "Allow", "Action": actions, "Resource": own}
        root.client("iam").put_role_policy(
            RoleName=names.workload_role_name(self.local.estate.workloads["orders"], self.local.estate),
            PolicyName="ApplicationData",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    # --- steps

    def runs(self) -> str:
        account = self.orders.client("sts").get_caller_identity()["Account"]
        return f"code runs in account {account}"

    def verifies(self) -> str:
        if self.acme.id != TENANT:
            raise Unexpected(f"the token is {TENANT}'s, the handle is {self.acme.id}'s")
        return f"signature, audience and expiry hold: {TENANT}"

    def stores_item(self) -> str:
        self.make_stores()
        item = {"pk": "42", "card": CARD}
        self.orders.resource("dynamodb").Table(TABLE).put_item(Item=encrypt_item(self.acme, item, **CELL))
        return "card sealed under a data key of acme's"

    def item_at_rest(self) -> str:
        account = self.local.estate.workloads["orders"].account
        raw = self.local.aws.session(account).client("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": "42"}})
        return self.ciphertext(bytes(raw["Item"]["card"]["B"]))

    def stores_object(self) -> str:
        objects.put_object(self.acme, self.orders.client("s3"), bucket=BUCKET, key=OBJECT, body=INVOICE)
        return "invoice sealed while it is uploaded"

    def object_at_rest(self) -> str:
        account = self.local.estate.workloads["orders"].account
        raw = self.local.aws.session(account).client("s3").get_object(Bucket=BUCKET, Key=OBJECT)["Body"].read()
        return self.ciphertext(raw)

    def ciphertext(self, blob: bytes) -> str:
        """An Encryption SDK message: it names the key that opens it, and the card is nowhere in it."""
        if CARD.encode() in blob or self.local.key_arn(TENANT).encode() not in blob:
            raise Unexpected("what is stored is not ciphertext under acme's key")
        return f"{len(blob)} bytes of ciphertext under {TENANT}'s key"

    def item(self) -> dict[str, Any]:
        found: dict[str, Any] = self.orders.resource("dynamodb").Table(TABLE).get_item(Key={"pk": "42"})["Item"]
        return found

    def opens_item(self, tenant: Tenant | None = None) -> str:
        if decrypt_item(tenant or self.anew, self.item(), **CELL) != {"pk": "42", "card": CARD}:
            raise Unexpected("the card that was read is not the one that was written")
        return "the card as it was written"

    def opens_object(self) -> str:
        with objects.get_object(self.anew, self.orders.client("s3"), bucket=BUCKET, key=OBJECT) as reader:
            if reader.read() != INVOICE:
                raise Unexpected("the invoice that was read is not the one that was written")
        return "the invoice as it was written"

    def billing_opens(self) -> str:
        keys = self.client("billing", self.local.runs("billing"), AUDIENCE)
        return self.opens_item(keys.tenant(self.token(TENANT)))

    def portal_opens(self) -> str:
        portal = self.local.estate.workloads["portal"]
        root = self.local.aws.session(portal.account)
        document = root.client("ssm").get_parameter(Name=names.parameter_name(portal, self.local.estate))["Parameter"][
            "Value"
        ]
        keys = self.client("portal", root, str(portal.audience), document)
        return self.opens_item(keys.tenant(self.token(TENANT, str(portal.audience))))

    def globex_imports(self) -> str:
        role = self.local.estate.tenants["globex"].import_role or ""
        ensure_role(self.local.aws, role)
        import_material(assume(self.local.aws, role), self.local.aws.key_id("globex"))
        return "the key is enabled with 256 bits that AWS did not make"

    def umbrella_moves(self) -> str:
        """Sealed in one Region, opened in another by the replica."""
        estate = self.local.estate
        other = next(region for region in estate.central.regions if region != estate.central.home_region)
        sealed = self.keys.tenant(self.token("umbrella")).encrypt(INVOICE, name="umbrella/1")
        there = self.client("orders", self.local.runs("orders", region=other), AUDIENCE)
        with self.local.aws.watch() as decisions:
            opened = there.tenant(self.token("umbrella")).decrypt(sealed, name="umbrella/1")
        regions = {each["region"] for each in decisions if each["operation"] == "Decrypt"}
        if opened != INVOICE or regions != {other}:
            raise Unexpected(f"opened in {', '.join(sorted(regions))}, not by the replica in {other}")
        return f"sealed in {estate.central.home_region}, opened by the replica in {other}"
