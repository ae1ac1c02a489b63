"""The form of the file: what YAML allows and a manifest does not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.manifest import Manifest, ManifestError, load_manifest, parse_manifest
from tests.manifest.sample import TEXT, edited, errors, with_tenants
from tests.premise import met, met_at_least
from tests.sampled import examples
from tests.work import calls_made

FORMS = {
    "an empty file": ("", "1: got an empty file"),
    "comments alone": ("# nothing\n", "got an empty file"),
    "an empty document": ("---\n", "1: got an empty document"),
    "text": ("hello", '1: got "hello"; a manifest is a mapping'),
    "a list": ("- a\n- b\n", "1: got a list; a manifest is a mapping"),
    "two documents": (TEXT + "---\na: b\n", "20: got a second document"),
    "an unclosed bracket": ("central: [", "1: not YAML: while parsing a flow node"),
    "a tab": ("central:\n\taccount: x", "2: not YAML: while scanning for the next token, found character that cannot"),
    "NUL": ("a: b\nc: \x00", "2: got the character U+0000"),
    "a surrogate": ("a: b\nc: \ud800", "2: got the character U+D800"),
    "a list as key": ("? [a]\n: b", "1: got a list, mapping or alias as a key"),
    "deep nesting": ("[" * 5_000, "nested deeper than 10 levels"),
    "deep block nesting": ("- " * 5_000, "nested deeper than 10 levels"),
    "an old directive": ("%YAML 1.3\n---\na: b", "1: not YAML: found incompatible YAML document"),
    "YAML 1.1": ("# x\n%YAML 1.1\n---\n" + TEXT, "2: got a directive; a manifest needs none, remove the line"),
    "YAML 1.2": ("%YAML 1.2\n---\n" + TEXT, "1: got a directive; a manifest needs none, remove the line"),
    "a tag directive": ("%TAG ! tag:x,2000:\n---\n" + TEXT, "1: got a directive; a manifest needs none"),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS)
def test_what_is_no_manifest_at_all_is_one_clear_error(text: str, expected: str) -> None:
    (error,) = errors(text)
    assert expected in error


BREAKS = "\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"
UNSEEN = (
    "\x00\x01\x08\x1b\x1f\x7f\x80\x9f"  # controls
    "\u00ad\u061c\u180e\u200b\u200d\u200e\u202a\u202e\u2060\u2066\u2069\ufeff\ufff9\U000e0001\U000e0068"  # formats
    "\ue000\U000f0000\ud800\udfff\u2065\uffff\U000e0fff"  # private, halves of a pair, assigned to nothing
)


@pytest.mark.parametrize("unseen", BREAKS + UNSEEN, ids=lambda one: f"U+{ord(one):04X}")
def test_no_character_of_a_manifest_hides_what_is_read(unseen: str) -> None:
    """In a comment, where an editor shows no tenant though a parser may read one."""
    text = with_tenants("acme: {workloads: [orders]}", f"globex: {{}}  # 4711{unseen}  initech: {{}}")
    shown = "some editors show as a line break and others do not show" if unseen in BREAKS else "is not shown"
    expected = f"tenants.yaml:19: got the character U+{ord(unseen):04X}, which {shown}; remove it"
    assert errors(text) == [expected]


def test_the_first_hidden_character_is_reported_alone() -> None:
    (error,) = errors("a: b\r\nc: \u2028\x00\n\u200bd: e\r")
    assert error.startswith("tenants.yaml:2: got the character U+2028, which some editors show as a line break")


@pytest.mark.parametrize("seen", ["\tx", "\u00e9", "\u2014", "\u65e5\u672c", "e\u0301", "\u2009", "\U0001f511"])
def test_letters_and_signs_of_every_language_may_be_in_a_comment(seen: str) -> None:
    assert errors(with_tenants(f"acme: {{}}  # {seen}").replace("\n", "\r\n")) == []


@pytest.mark.parametrize(
    ("ten", "eleven"),
    [
        ("a: [[[[[[[[[]]]]]]]]]", "a: [[[[[[[[[[]]]]]]]]]]"),
        (
            "a: {b: {c: {d: {e: {f: {g: {h: {i: {}}}}}}}}}",
            "a: {b: {c: {d: {e: {f: {g: {h: {i: {j: {}}}}}}}}}}",
        ),
        ("a: [{b: [{c: [{d: [{e: []}]}]}]}]", "a: [{b: [{c: [{d: [{e: [[]]}]}]}]}]"),
    ],
    ids=["lists", "mappings", "both"],
)
def test_ten_levels_are_read_and_an_eleventh_is_refused(ten: str, eleven: str) -> None:
    """The manifest's own mapping is the first."""
    assert not any("nested deeper" in error for error in errors(ten))
    assert any("nested deeper than 10 levels" in error for error in errors(eleven))


REFUSED = {
    "anchor": (
        "acme: {workloads: &a [orders]}",
        "18 tenants.acme.workloads: got the anchor &a; YAML anchors are not allowed",
    ),
    "alias": ("acme: {workloads: *a}", "18 tenants.acme.workloads: got the alias *a; YAML aliases are not allowed"),
    "merge key": (
        "acme: {<<: {state: active}}",
        "18 tenants.acme.<<: got a merge key; YAML merge keys are not allowed",
    ),
    "anchor on an id": ("&a acme: {}", "18 tenants.acme: got the anchor &a; YAML anchors are not allowed"),
    "tag on an id": ("!!str acme: {}", "18 tenants.acme: got the tag tag:yaml.org,2002:str; YAML tags are not allowed"),
    "anchor in a list": (
        "acme: {workloads: [&a orders]}",
        "18 tenants.acme.workloads[0]: got the anchor &a; YAML anchors",
    ),
    "tag in a list": ("acme: {workloads: [!!str orders]}", "18 tenants.acme.workloads[0]: got the tag tag:yaml.org"),
    "anchor on a mapping": ("acme: &a {}", "18 tenants.acme: got the anchor &a; YAML anchors are not allowed"),
    "tag: of a word": (
        "acme: {state: !!str active}",
        "18 tenants.acme.state: got the tag tag:yaml.org,2002:str; YAML tags",
    ),
    "tag": ("acme: !!map {}", "18 tenants.acme: got the tag tag:yaml.org,2002:map; YAML tags are not allowed"),
    "python tag": (
        "acme: !!python/object/apply:os.system [ls]",
        "18 tenants.acme: got the tag tag:yaml.org,2002:python/object/apply:os.system; YAML tags are not allowed",
    ),
    "duplicate": ("acme: {state: active, state: active}", "18 tenants.acme.state: given twice"),
    "number as id": ("12: {}", "18 tenants.12: got an unquoted key that YAML does not read as text"),
    "sexagesimal id": ("12:30: {}", "18 tenants.12:30: got an unquoted key"),
    "Norway, shouted": ("NO: {}", "18 tenants.NO: got an unquoted key"),
    "Norway, as a word": ("No: {}", "18 tenants.No: got an unquoted key"),
    "Norway": ("no: {}", "18 tenants.no: got an unquoted key"),
    "null id": ("null: {}", "18 tenants.null: got an unquoted key"),
    "nothing": ("acme:", "18 tenants.acme: got nothing; allowed: a mapping; write `name: value` lines or {}"),
    "null": ("acme: {state: null}", "18 tenants.acme.state: got nothing; allowed: active, suspended"),
    "list for mapping": ("acme: [orders]", "18 tenants.acme: got a list; allowed: a mapping"),
    "text for list": ("acme: {workloads: orders}", 'tenants.acme.workloads: got "orders"; allowed: names of workloads'),
    "yes": ("acme: {key: {multi_region: yes}}", '18 tenants.acme.key.multi_region: got "yes"; allowed: true or false'),
    "octal": ("acme: {rotation_days: 0200}", "18 tenants.acme.rotation_days: got 0200 (a number); allowed: a whole"),
    "float": ("acme: {rotation_days: 1e2}", "18 tenants.acme.rotation_days: got 1e2 (a number); allowed: a whole"),
    "out of range": (
        "acme: {rotation_days: 89}",
        "18 tenants.acme.rotation_days: got 89 (a number); allowed: a whole number of days from 90 to 2560, or off",
    ),
    "false for off": ("acme: {rotation_days: false}", "got false (true or false); allowed: a whole number of days"),
    "unknown field": ("acme: {stat: active}", "18 tenants.acme.stat: unknown field; did you mean state?"),
    "unknown value": ("acme: {state: actve}", "; did you mean active?"),
    "bad id": ("Acme: {}", "18 tenants.Acme: got the key Acme; allowed: at most 40 lower-case letters"),
    "double hyphen": ("a--b: {}", "18 tenants.a--b: got the key a--b; allowed"),
    "line break in an id": ('"a\\n": {}', "18 tenants.'a\\n': got the key 'a\\n'; allowed"),
    "long id": (f"{'a' * 41}: {{}}", f"18 tenants.{'a' * 41}: got the key"),
}


@pytest.mark.parametrize(("tenant", "expected"), REFUSED.values(), ids=REFUSED)
def test_surprises_are_refused_with_line_path_value_and_fix(tenant: str, expected: str) -> None:
    (error,) = errors(with_tenants(tenant))
    assert expected in error


def test_yaml_1_2_words_mean_what_they_say() -> None:
    manifest = parse_manifest(with_tenants('acme: {rotation_days: off, tags: {plan: on, "no": "yes"}}', '"on": {}'))
    assert manifest.tenants["acme"].rotation_days == "off"
    assert manifest.tenants["acme"].tags == {"plan": "on", "no": "yes"}
    assert list(manifest.tenants) == ["acme", "on"]


@pytest.mark.parametrize("account", ["111111111111", "012345678901", "0o17", "00000000000", "1_0"])
def test_an_unquoted_account_is_refused_however_it_looks(account: str) -> None:
    (error,) = errors(edited(('"222222222222"', account)))
    assert "12 workloads.orders.account: got " in error
    assert "; quote it, YAML drops leading zeros" in error


def test_a_missing_field_is_named_once_though_it_is_misspelt() -> None:
    (error,) = errors(edited(("break_glass:", "break_glas:")))
    assert "8 central.break_glas: unknown field; did you mean break_glass?" in error


def test_broken_fields_do_not_hide_rules_between_sound_ones() -> None:
    reported = errors(edited(("runs_on: lambda", "runs_on: lamda"), ("[orders, billing]", "[orders, biling]")))
    assert [error.split(": ")[0] for error in reported] == [
        "tenants.yaml:12 workloads.orders.runs_on",
        "tenants.yaml:18 tenants.acme.workloads[1]",
    ]


def test_a_utf_8_byte_order_mark_is_nothing_to_complain_about(tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert isinstance(load_manifest(file), Manifest)


FILES = {
    "UTF-16": (TEXT.encode("utf-16"), "tenants.yaml:1: got UTF-16; save it as UTF-8"),
    "Latin-1": ("a: b\nc: ü".encode("latin-1"), "tenants.yaml:2: got the byte 0xfc, which is not UTF-8"),
    "too large": (b"#" * (16 * 1024 * 1024 + 1), "tenants.yaml: larger than 16 MB"),
}


@pytest.mark.parametrize(("content", "expected"), FILES.values(), ids=FILES)
def test_what_is_no_text_is_one_clear_error(tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        load_manifest(file)
    assert str(caught.value).startswith(expected)


def test_a_missing_file_and_a_folder_are_errors_too(tmp_path: Path) -> None:
    for path in (tmp_path / "tenants.yaml", tmp_path):
        with pytest.raises(ManifestError):
            load_manifest(path)


LAUGHS = "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)
HEAVY = {
    "billion laughs": LAUGHS,
    "a megabyte of garbage": ("".join(chr(33 + (n * n * 31 + n // 7) % 93) for n in range(651)) * 1_537)[:1_000_000],
    "brackets": "[{" * 500_000,
    "unknown fields": "tenants: {" + ",".join(f"k{n}: {{a: 1, b: 2}}" for n in range(6_000)) + "}",
    "wide list": "tenants: [" + "1," * 500_000 + "]",
    "duplicates": "a: 1\n" * 250_000,
    "digits": f"a: {'1' * 1_000_000}",
    "long key": f"{'a' * 1_000_000}: 1",
    "quotes": '"' * 1_000_000,
}


@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY)
def test_heavy_input_is_refused_after_a_few_calls_for_each_character_with_a_bounded_message(text: str) -> None:
    with pytest.raises(ManifestError) as caught:
        calls_made(lambda: parse_manifest(text), stop_at=25 * max(len(text), 1_000))
    assert len(caught.value.problems) <= 1_000
    assert all(len(str(problem)) < 500 for problem in caught.value.problems)


# Random edits of a real manifest reach deeper than random text does.
FRAGMENTS = st.sampled_from(
    [
        *TEXT.split(),
        *"{}[]:,-?|>&*!%@`\"'#\n\t \\0",
        "<<: ",
        "null",
        "~",
        "*a",
        "&a ",
        "!!str ",
        "---\n",
        "\r\n",
        "\x85",
    ]
)
EDITS = st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 12), FRAGMENTS), min_size=1, max_size=6)


def assert_named(error: ManifestError) -> None:
    assert error.problems
    assert all("\n" not in str(problem) for problem in error.problems)


def assert_refused_by_name(text: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(text)
    assert_named(caught.value)


@met_at_least(refused=1_000)
@examples(1_500)
@given(EDITS)
def test_no_edit_of_a_manifest_raises_anything_else(edits: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for start, length, fragment in edits:
        text = text[:start] + fragment + text[start + length :]
    try:
        parse_manifest(text)
    except ManifestError as error:
        met("refused")
        assert_named(error)


@examples(500)
@given(st.text(max_size=300) | st.text("[]{}:,-?!&*|>'\"%@# \n\tab01", max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    assert_refused_by_name(text)


def test_a_folder_is_named_in_its_error() -> None:
    with pytest.raises(ManifestError, match=r"^\.: is a directory; give the path of the manifest$"):
        load_manifest(".")


@examples(300)
@given(st.binary(max_size=200))
def test_no_file_raises_anything_else(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_bytes(content)
    with pytest.raises(ManifestError):
        load_manifest(file)


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
FIELD = st.sampled_from(["central", "workloads", "tenants", "account", "key", "tags", "acme", "orders", "regions", "x"])
DOCUMENT = st.recursive(
    SCALAR, lambda below: st.lists(below, max_size=3) | st.dictionaries(FIELD, below, max_size=5), max_leaves=20
)


@examples(500)
@given(DOCUMENT)
def test_no_document_of_whatever_form_raises_anything_else(document: object) -> None:
    import yaml

    assert_refused_by_name(yaml.safe_dump(document, allow_unicode=True))
