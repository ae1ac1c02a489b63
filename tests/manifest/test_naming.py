"""Names as the company has them: nothing of one tenant or estate can be read as another's, whatever the names are."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tenant_keys.client import discovery
from tenant_keys.local.settings import NAMING, tenant_of
from tenant_keys.manifest import Estate, LockError, Manifest, parse_lock
from tenant_keys.manifest.base import check_against_base
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.model import TENANT_ID, WORKLOAD_NAME, Naming
from tenant_keys.manifest.naming_rules import check_naming
from tenant_keys.manifest.rules import Problems
from tenant_keys.manifest.stack_names import (
    holds_primaries,
    holds_replicas,
    key_stack,
    prefix_of,
    replica_stack,
    role_stack,
    shared_access,
    workload_stack,
)
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.policy import names
from tenant_keys.review.proof.promise import access_role_arn, alias_of, parameter_arn, workload_role
from tenant_keys.review.second_opinion import promise as second
from tests.manifest.sample import edited, errors, manifest
from tests.policy.estates import estate_of_text
from tests.policy.estates import manifest as text
from tests.sampled import examples

DEV = "naming: {alias: 'alias/dev/{id}', role_path: /dev/, role_prefix: dev_, stack_prefix: dev-keys}\n"
PLAIN, SAMPLE = manifest(), estate_of_text(text())
ORDERS = SAMPLE.workloads["orders"]
IDS = st.from_regex(TENANT_ID, fullmatch=True).filter(lambda one: len(one) <= 40)
WORKLOADS = st.from_regex(WORKLOAD_NAME, fullmatch=True).filter(lambda one: len(one) <= 16)
# Short and of few letters, so that one estate's names often begin or end as another's do.
ID, WORKLOAD = st.from_regex(r"[ab]{1,2}(-[ab]{1,2}){0,2}", fullmatch=True), st.from_regex(r"[ab]{1,2}", fullmatch=True)


@st.composite
def namings(draw: st.DrawFn) -> Naming:
    """Whatever the model accepts and the rules let pass."""
    pieces = st.lists(st.sampled_from(["a", "b", "ab", "tenant", "A", "-", "_", "/"]), max_size=5).map("".join)
    folders = st.lists(st.sampled_from(["a", "b", "ab", "A", "a_", "tenant-keys"]), min_size=1, max_size=3)
    prefixes = st.one_of(st.just(""), st.from_regex(r"[ab-]{1,3}_", fullmatch=True))
    fields = {
        "alias": draw(st.one_of(st.just("alias/tenant-{id}"), pieces.map(lambda one: f"alias/{one}{{id}}"))),
        "role_path": f"/{'/'.join(draw(folders))}/",
        "role_prefix": draw(prefixes),
        "stack_prefix": draw(st.from_regex(r"[ab]{1,2}(-(a|b|cell|roles)){0,2}", fullmatch=True)),
    }
    found = Problems()
    check_naming(replaced(Naming(**fields)), found.report)
    assume(not found.problems)
    return Naming(**fields)


def replaced(naming: Naming) -> Manifest:
    return msgspec.structs.replace(PLAIN, naming=naming, tenants={}, workloads={})


def named(naming: Naming) -> Estate:
    return replace(SAMPLE, naming=naming)


@examples(40)
@given(namings(), namings(), ID, ID, WORKLOAD, WORKLOAD)
def test_no_name_of_one_estate_is_another_estates(
    one: Naming, other: Naming, tenant: str, stranger: str, workload: str, serving: str
) -> None:
    """Equal aliases, roles or parameters come from equal naming and equal ids; roles are compared as IAM does."""
    first, second_one = named(one), named(other)
    own, their = replace(ORDERS, name=workload), replace(ORDERS, name=serving)
    if names.alias_name(tenant, one) == names.alias_name(stranger, other):
        assert (one.alias, tenant) == (other.alias, stranger)
    our_roles, their_roles = role_names(first, own, tenant), role_names(second_one, their, stranger)
    for mine, other_one in product(our_roles.items(), their_roles.items()):
        if mine[1].casefold() == other_one[1].casefold():
            same = tenant == stranger or mine[0] != "tenant"
            assert mine[0] == other_one[0]
            assert same
            assert (one.role_prefix, workload) == (other.role_prefix, serving)
    ours, theirs = names.access_role_path(own, first), names.access_role_path(their, second_one)
    if theirs.startswith(ours):
        assert (one.role_path, workload) == (other.role_path, serving)


def role_names(estate: Estate, workload: object, tenant: str) -> dict[str, str]:
    assert isinstance(workload, type(ORDERS))
    return {
        "tenant": names.tenant_role_name(tenant, workload, estate),
        "shared": names.shared_role_name(workload, estate),
        "runtime": names.workload_role_name(workload, estate),
    }


@examples(40)
@given(namings(), IDS, IDS, WORKLOADS)
def test_policies_proof_second_engine_and_local_aws_have_the_same_names(
    naming: Naming, tenant: str, stranger: str, workload: str
) -> None:
    estate, own = named(naming), replace(ORDERS, name=workload)
    one = replace(SAMPLE.tenants["acme"], id=tenant)
    shared = replace(own, access="session-tag")
    alias = names.alias_name(tenant, naming)
    assert alias == alias_of(tenant, estate) == second.alias_of(one, estate)
    assert tenant_of(alias, msgspec.structs.asdict(naming)) == tenant
    assert (tenant_of(names.alias_name(stranger, naming), msgspec.structs.asdict(naming)) == tenant) == (
        stranger == tenant
    )
    role = names.tenant_role_arn(tenant, own, estate)
    assert role == access_role_arn(tenant, own, estate) == second.access_role(one, own, estate)
    assert names.shared_role_arn(own, estate) == access_role_arn(tenant, shared, estate)
    assert names.shared_role_arn(own, estate) == second.shared_role(own, estate)
    assert names.workload_role_arn(own, estate) == workload_role(own, estate) == second.workload_role(own, estate)
    assert parameter_arn(own, "eu-west-1", estate).endswith(f":parameter{names.parameter_name(own, estate)}")
    assert re.fullmatch(r"alias/(?!aws/)[a-zA-Z0-9/_-]{1,250}", alias)


@examples(40)
@given(namings(), namings())
def test_two_stacks_of_one_name_are_of_one_estate(one: Naming, other: Naming) -> None:
    ours, theirs = stacks(one), stacks(other)
    assert one.stack_prefix == other.stack_prefix or not set(ours) & set(theirs)
    assert {prefix_of(name) for name in ours} == {one.stack_prefix}
    assert [(holds_primaries(name), holds_replicas(name)) for name in ours] == [
        *((True, False), (False, True), (False, False), (False, False), (False, False)),
    ]


def stacks(naming: Naming) -> list[str]:
    return [
        key_stack("eu-west-1", 1, naming),
        replica_stack("eu-central-1", "eu-west-1", 1, naming),
        role_stack(1, naming),
        shared_access(naming),
        workload_stack("222222222222", "eu-west-1", naming),
    ]


def test_the_client_finds_the_parameter_by_the_workloads_name_or_by_its_own() -> None:
    dev = named(Naming(role_path="/dev/"))
    assert discovery.parameter_name("orders") == names.parameter_name(ORDERS, SAMPLE) == "/tenant-keys/orders"
    assert discovery.parameter_name("/dev/orders") == names.parameter_name(ORDERS, dev)


def test_the_local_aws_has_the_names_of_a_manifest_without_naming() -> None:
    assert msgspec.structs.asdict(Naming()) == NAMING


@pytest.mark.parametrize(
    ("naming", "reported"),
    [
        ("{alias: 'alias/dev-{id}'}", "which could match an alias of another estate"),
        ("{alias: 'alias/{id}'}", "which could match an alias of another estate"),
        ("{alias: 'alias/aws/{id}'}", "alias/aws is reserved by AWS KMS"),
        ("{alias: 'alias/dev//{id}'}", "write one slash between two names"),
        ("{alias: 'alias/{id}/dev'}", 'got "alias/{id}/dev"; allowed: alias/{id} with a name of the estate before'),
        ("{alias: 'alias/{id}/{id}'}", "allowed: alias/{id} with a name of the estate before"),
        ("{alias: 'alias/dev/*{id}'}", "allowed: alias/{id} with a name of the estate before"),
        ("{role_path: /dev/keys/}", "in which keys could be a workload of another estate"),
        ("{role_path: /aws-service-role/}", "AWS reserves paths that begin with aws or ssm"),
        ("{role_path: /AWS-Keys/}", "AWS reserves paths that begin with aws or ssm"),
        ("{role_path: /Ssm/}", "AWS reserves paths that begin with aws or ssm"),
        ("{role_path: /dev}", 'got "/dev"; allowed: a path of letters'),
        ("{role_prefix: dev}", 'got "dev"; allowed: lower-case letters, digits and -, then _'),
        ("{role_prefix: Dev_}", 'got "Dev_"; allowed: lower-case letters'),
        ("{stack_prefix: 1-keys}", 'got "1-keys"; allowed: at most 32 letters'),
        ("{prefix: dev}", "naming.prefix: unknown field"),
    ],
)
def test_a_pattern_that_could_be_read_in_two_ways_is_refused(naming: str, reported: str) -> None:
    (error,) = errors(edited(("workloads:", f"naming: {naming}\nworkloads:")))
    assert reported in error


def test_a_role_name_beyond_64_characters_is_refused_with_its_tenant() -> None:
    long = "a" * 40
    prefix = ("workloads:", "naming: {role_prefix: development_}\nworkloads:")
    (error,) = errors(edited(prefix, ("acme:", f"{long}:")))
    assert f"tenants.{long}: its role development_tenant-{long}.orders has 66 characters; allowed: 64" in error


def test_a_role_of_another_estate_holds_no_office() -> None:
    for role in ("role/prod_tenant-keys-orders", "role/prod_tenant-acme.orders", "role/dev/x/y"):
        (error,) = errors(edited(("workloads:", f"{DEV}workloads:"), ("role/KeyBreakGlass", role)))
        assert "the name of a role that this app creates" in error


def test_the_path_of_our_roles_ignores_case() -> None:
    dev = DEV.replace("/dev/, role", "/Dev/, role")
    assert dev != DEV
    (error,) = errors(edited(("workloads:", f"{dev}workloads:"), ("role/KeyBreakGlass", "role/dEV/x/y")))
    assert "the name of a role that this app creates" in error


def test_the_lock_keeps_the_names_with_which_it_was_begun() -> None:
    named_dev = manifest(("workloads:", f"{DEV}workloads:"))
    lock, _ = update(named_dev, new_lock(named_dev))
    assert parse_lock(render_lock(lock)) == lock
    assert '"naming": {"alias": "alias/dev/{id}"' in render_lock(lock).splitlines()[0]
    with pytest.raises(LockError) as caught:
        update(manifest(), lock)
    assert [str(problem).partition(";")[0] for problem in caught.value.problems] == [
        "naming.alias: got alias/tenant-{id}, but tenants.lock was created with alias/dev/{id}, and names never change",
        "naming.role_path: got /tenant-keys/, but tenants.lock was created with /dev/, and names never change",
        "naming.role_prefix: got , but tenants.lock was created with dev_, and names never change",
        "naming.stack_prefix: got tenant-keys, but tenants.lock was created with dev-keys, and names never change",
    ]
    changed = replace(lock, naming=Naming(alias="alias/other/{id}"))
    assert any("header's naming differs" in str(each) for each in check_against_base(lock, changed))


def test_the_lock_of_a_manifest_without_naming_says_nothing_of_it() -> None:
    assert "naming" not in render_lock(new_lock(manifest()))
    assert manifest(("workloads:", "naming: {}\nworkloads:")).naming == Naming()


def test_a_header_with_names_that_no_manifest_could_have_is_refused() -> None:
    header = render_lock(new_lock(manifest())).replace('"capacity"', '"naming": {"alias": "x"}, "capacity"')
    with pytest.raises(LockError, match="naming differs from what this program writes"):
        parse_lock(header)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"alias": "alias/{id}*"}, Naming)
