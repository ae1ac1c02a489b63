"""The JSON Schema says of the sample what the model says, and what is in the repository is up to date."""

from pathlib import Path

import pytest

from tenant_keys.manifest.schema import schema, schema_text
from tools.docs.manifest_reference import MarkersMissing, with_reference

ROOT = Path(__file__).parents[2]


def test_schema_and_reference_in_the_repository_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert Path("docs/tenants.schema.json").read_text() == schema_text()
    page = Path("docs/manifest.md").read_text()
    assert with_reference(page) == page


def test_the_sample_points_editors_at_the_schema() -> None:
    first = (ROOT / "tenants.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./docs/tenants.schema.json"


def test_every_field_is_described_and_none_may_be_null() -> None:
    whole = schema()
    for name, model in {"manifest": whole, **whole["definitions"]}.items():
        assert model["additionalProperties"] is False, name
        for field, described in model["properties"].items():
            assert "description" in described or "$ref" in described, (name, field)
    assert "null" not in schema_text()


def test_every_reference_leads_somewhere() -> None:
    whole = schema()
    names = {f'"$ref": "#/definitions/{name}"' for name in whole["definitions"]}
    assert schema_text().count('"$ref"') == sum(schema_text().count(name) for name in names)


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(MarkersMissing):
        with_reference("# A page\n")
