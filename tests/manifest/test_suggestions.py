"""What a refused value was most likely meant to be: each form that is recognized, and near misses that are not."""

from __future__ import annotations

import pytest

from tenant_keys.manifest.suggest import suggestion

IAM, STS = "arn:aws:iam::111111111111", "arn:aws:sts::111111111111"
ROLES: dict[str, str] = {
    f"{IAM}:role/Admin": "; did you mean role/Admin, without the account?",
    f"{IAM}:role/{'a' * 576}": f"; did you mean role/{'a' * 576}, without the account?",
    f"{IAM}:role/{'a' * 577}": "",
    "arn:aws:iam::1111:role/Admin": "",
    f"{STS}:assumed-role/Admin/jane": "; did you mean role/Admin, the role of this session, with its path?",
    f"{STS}:assumed-role/{'a' * 65}/jane": "",
    f"{IAM}:user/jane": "; a user is not a role",
    "group/admins": "; a group is not a role",
    f"{IAM}:root": "; the root user is not a role",
    f"{STS}:federated-user/jane": "; a federated-user is not a role",
    "Admin": "; did you mean role/Admin?",
    "/roles/team/Admin": "; did you mean role/team/Admin?",
    "Role/Admin": "; did you mean role/Admin?",
    "a" * 64: f"; did you mean role/{'a' * 64}?",
    "a" * 65: "",
    "my role": "",
    "permission-set/": "",
}
OTHERS: dict[tuple[str, str], str] = {
    ("account", "1111-1111-1111"): '; did you mean "111111111111"?',
    ("account", "1111.1111 1111"): '; did you mean "111111111111"?',
    ("account", "1111-1111"): "",
    ("account", "11111111111"): "",
    ("account", "acme"): "",
    ("organization", "arn:aws:organizations::1:organization/o-a1b2c3d4e5"): "; did you mean o-a1b2c3d4e5?",
    ("organization", "x/o-a1b2c3d4e"): "",
    **{
        (field, "eu-west-1a"): "; that is an Availability Zone of eu-west-1"
        for field in ("home_region", "regions", "region", "identity_center_region")
    },
    ("region", "eu-west-1"): "",
    ("region", "Ireland"): "",
    **{
        (field, "90"): "; write 90 without quotes"
        for field in (
            "rotation_days",
            "deletion_window_days",
            "unused_days_before_deletion",
            "iam_roles",
            "trust_policy_characters",
        )
    },
    ("rotation_days", "0x10"): "",
    ("rotation_days", "ninety"): "",
    **{(field, "yes"): "; write true, without quotes" for field in ("multi_region", "existing", "opaque")},
    ("opaque", "On"): "; write true, without quotes",
    ("opaque", "TRUE"): "; write true, without quotes",
    ("opaque", "no"): "; write false, without quotes",
    ("opaque", "off"): "; write false, without quotes",
    ("opaque", "False"): "; write false, without quotes",
    ("opaque", "maybe"): "",
    ("issuer", "yes"): "",
}


@pytest.mark.parametrize(
    "field", ["deployment_roles", "role", "import_role", "administrators", "readers", "break_glass"]
)
@pytest.mark.parametrize("value", ROLES, ids=lambda value: value[:50])
def test_a_role_in_another_form_is_suggested_in_ours(field: str, value: str) -> None:
    assert suggestion(("central", field, 0), value) == ROLES[value]


@pytest.mark.parametrize("name", [f"{IAM}:role/aws-reserved/sso.amazonaws.com/", f"{STS}:assumed-role/"])
def test_a_role_of_identity_center_is_suggested_by_its_permission_set_where_people_are_named(name: str) -> None:
    value = f"{name}AWSReservedSSO_Keys_0123456789abcdef" + ("/jane" if "assumed" in name else "")
    for field in ("administrators", "readers", "break_glass"):
        assert suggestion(("central", field), value) == "; did you mean permission-set/Keys, whatever its suffix?"
    assert "permission-set" not in suggestion(("workloads", "orders", "role"), value)


@pytest.mark.parametrize(("field", "value"), OTHERS)
def test_a_value_in_another_form_is_suggested_in_the_fields_own(field: str, value: str) -> None:
    assert suggestion(("any", field), value) == OTHERS[field, value]


def test_a_place_without_a_field_has_no_suggestion() -> None:
    assert suggestion((0,), "yes") == ""
