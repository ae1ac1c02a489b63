"""Identity providers and what is asked of their tokens, with one thing broken."""

from __future__ import annotations

from tools.mutants.binding_edits import DEAD, INVENTORY, LOGIN, OBTAINS, gone, shared_trust, with_properties
from tools.mutants.mutant import (
    Expectation,
    Harmless,
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    change,
    setting,
    together,
    turn,
)
from tools.mutants.original import SHARED


def tokens() -> list[Mutant]:
    """The customers' identity provider."""
    provider = "AWS::IAM::OIDCProvider"
    portal = shared_trust("portal")

    def condition(name: str, expected: Expectation, operator: str, claim: str, value: object) -> Mutant:
        return Mutant(f"tokens {name}", expected, setting(portal, operator, f"{LOGIN}:{claim}", value))

    other = Refuted(OBTAINS, ("for audience", "azp portal-keys", "shared.portal"))
    return [
        Mutant(
            "tokens for another audience whose azp is the workload",
            other,
            lambda t: portal(t)["Condition"].pop("StringEqualsIfExists"),
        ),
        Mutant(
            "tokens of which only azp counts, as pattern",
            other,
            together(
                lambda t: portal(t)["Condition"].pop("StringEqualsIfExists"),
                setting(portal, "StringLike", f"{LOGIN}:aud", "portal-*"),
            ),
        ),
        condition("of two audiences beside azp", other, "StringEqualsIfExists", "oaud", ["portal-keys", "orders"]),
        condition(
            "of audiences by case beside azp", other, "StringEqualsIfExists", "oaud", ["portal-keys", "PORTAL-KEYS"]
        ),
        condition(
            "of two audiences",
            Refuted(OBTAINS, ("for audience orders", "shared.portal")),
            "StringEquals",
            "aud",
            ["portal-keys", "orders"],
        ),
        condition("for another audience alone", Refuted(DEAD, ("shared.portal",)), "StringEquals", "aud", "orders"),
        condition("that must have azp", Refuted(DEAD, ("shared.portal",)), "StringEquals", "oaud", "portal-keys"),
        condition("of one subject", Harmless(), "StringLike", "sub", "*"),
        Mutant(
            "tokens that may bring a source identity",
            LostSafeguard(("shared.portal: a new Allow (sts:SetSourceIdentity)",)),
            change(portal, Action=["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]),
        ),
        condition(
            "after MFA",
            NotProvedBecause(("depends on login.example.com:amr",)),
            "ForAnyValue:StringEquals",
            "amr",
            "mfa",
        ),
        Mutant(
            "tokens without a provider",
            NotProvedBecause(("Ref Issuer",)),
            gone(SHARED, provider),
        ),
        Mutant(
            "tokens of a provider without the audience",
            Refuted(DEAD, ("ClientIdList is without the audience",)),
            with_properties(SHARED, provider, ClientIdList=["other"]),
        ),
        Mutant(
            "tokens of a provider with one audience more",
            Refuted(INVENTORY, ("ClientIdList admits tokens of other",)),
            with_properties(SHARED, provider, ClientIdList=["portal-keys", "other"]),
        ),
        Mutant(
            "tokens of a provider of another address",
            Refuted(DEAD, ("the identity provider is in no template",)),
            with_properties(SHARED, provider, Url="https://evil.example.com"),
        ),
        Mutant(
            "tokens of one tenant alone",
            Refuted(DEAD, ("shared.portal", "for tenant")),
            setting(portal, "StringLike", "aws:RequestTag/tenant_id", "alma"),
        ),
        Mutant(
            "sessions of one tenant alone",
            Refuted(DEAD, ("shared.billing", "for tenant")),
            setting(shared_trust("billing"), "StringLike", "aws:RequestTag/tenant_id", "alma"),
        ),
        Mutant(
            "sessions of tenants that begin with a",
            Refuted(DEAD, ("shared.billing", "for tenant")),
            setting(shared_trust("billing"), "StringLike", "aws:RequestTag/tenant_id", "a*"),
        ),
        Mutant(
            "sessions with an external id",
            Refuted(DEAD, ("shared.billing",)),
            setting(shared_trust("billing"), "StringEquals", "sts:ExternalId", "x"),
        ),
        Mutant(
            # The service authorization reference lists the key for sts:AssumeRole, and not for sts:TagSession.
            "sessions and tags with a name",
            NotProvedBecause(("depends on a rule that AWS's documents leave open",)),
            setting(shared_trust("billing"), "StringLike", "sts:RoleSessionName", "?*"),
        ),
        Mutant(
            "sessions from a network",
            NotProvedBecause(("depends on", "aws:sourceip")),
            setting(shared_trust("billing"), "IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ),
        Mutant(
            "sessions of another organization",
            Refuted(DEAD, ("shared.billing",)),
            turn(shared_trust("billing"), "StringEquals", "StringEquals", aws__PrincipalOrgID="o-zzzzzzzzzz"),
        ),
        Mutant(
            "sessions with a tag of their own",
            Refuted(DEAD, ("shared.billing",)),
            setting(shared_trust("billing"), "StringLike", "aws:RequestTag/team", "?*"),
        ),
    ]
