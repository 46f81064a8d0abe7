"""Any JSON Schema becomes a form; nothing in it knows a kind."""

from frontend.forms.fields import Field, fields

SCHEMA = {
    "$defs": {
        "Box": {
            "type": "object",
            "properties": {
                "size": {"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["80 GB"], "title": "Size"},
                "colour": {"enum": ["red", "blue"], "default": "red"},
            },
            "required": ["size"],
        },
        "Limits": {"type": "object", "properties": {"tight": {"type": "boolean", "default": True}}},
    },
    "properties": {
        "kind": {"const": "parcel"},
        "seed": {"type": "integer", "default": 0},
        "name": {"type": "string", "default": "", "description": "What people call it."},
        "box": {
            "anyOf": [{"type": "string"}, {"$ref": "#/$defs/Box"}],
            "x-catalogue": "boxes",
            "examples": ["small"],
        },
        "count": {"type": "integer", "x-unit": "parcels", "title": "How many"},
        "limits": {"allOf": [{"$ref": "#/$defs/Limits"}], "x-advanced": True},
        "allow": {"anyOf": [{"type": "array", "items": {"enum": ["a", "b"]}}, {"type": "null"}]},
        "level": {"anyOf": [{"enum": [0, 1]}, {"type": "null"}], "default": None},
        "unit": {"anyOf": [{"type": "string"}, {"type": "null"}], "enum": ["m", "ft", None]},
        "fragile": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "extra": {"type": "object", "additionalProperties": {"type": "integer"}},
        "anything": {"type": "object"},
        "words": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["box", "count"],
}


def test_each_property_becomes_the_input_that_fits_it_and_what_all_kinds_share_comes_last():
    found = fields(SCHEMA)

    assert [(field.at, field.widget) for field in found] == [
        ("/name", "text"),
        ("/box", "reference"),
        ("/count", "number"),
        ("/limits", "group"),
        ("/allow", "checks"),
        ("/level", "select"),
        ("/unit", "select"),
        ("/fragile", "select"),
        ("/extra", "pairs"),
        ("/anything", "mapping"),
        ("/words", "list"),
        ("/seed", "number"),
    ]


def test_a_field_carries_its_label_help_unit_placeholder_and_whether_it_is_needed():
    named = {field.at: field for field in fields(SCHEMA)}

    assert named["/count"] == Field("/count", "How many", "number", unit="parcels", required=True)
    assert named["/name"] == Field("/name", "Name", "text", help="What people call it.")
    assert named["/seed"] == Field("/seed", "Seed", "number", placeholder="0", advanced=True)
    assert named["/unit"] == Field("/unit", "Unit", "select", choices=("m", "ft"))


def test_a_unit_that_the_label_says_already_is_not_said_twice():
    hours = {"properties": {"gpu_hours": {"type": "number", "title": "GPU-hours", "x-unit": "GPU-hours"}}}

    assert [field.unit for field in fields(hours)] == [""]


def test_a_name_or_a_mapping_is_a_reference_with_the_mappings_fields_below_it():
    box = next(field for field in fields(SCHEMA) if field.at == "/box")

    assert (box.catalogue, box.placeholder) == ("boxes", "e.g. small")
    assert box.children == (
        Field("/box/size", "Size", "quantity", placeholder="e.g. 80 GB", required=True),
        Field("/box/colour", "Colour", "select", placeholder="red", choices=("red", "blue")),
    )


def test_a_truth_value_is_ticked_by_default_or_has_three_states_when_it_may_be_left_open():
    named = {field.at: field for field in fields(SCHEMA)}

    (tight,) = named["/limits"].children
    assert tight == Field("/limits/tight", "Tight", "checkbox", on=True, choices=("true", "false"))
    assert named["/fragile"] == Field("/fragile", "Fragile", "select", choices=("true", "false"))


def test_a_unit_is_not_said_when_the_label_says_it():
    schema = {"properties": {"tokens": {"type": "number", "x-unit": "tokens"}}}

    assert fields(schema) == (Field("/tokens", "Tokens", "number"),)


def test_a_schema_that_refers_to_itself_ends_somewhere():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}

    (field,) = fields({"$defs": {"Node": node}, "properties": {"first": {"$ref": "#/$defs/Node"}}})

    depth = 0
    while field.children:
        (field,) = field.children
        depth += 1
    assert depth == 6


def test_columns_of_a_table_are_chosen_for_what_they_may_say():
    said = {"type": "object", "additionalProperties": {"type": "string"}, "x-columns": ["params", "loss"]}

    [field] = fields({"properties": {"columns": said}})

    assert (field.widget, field.choices, field.children) == ("columns", ("params", "loss"), ())


def test_words_that_a_text_may_be_are_chosen_from():
    said = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "enum": ["total", "active", None]}

    [field] = fields({"properties": {"counts": said}})

    assert (field.widget, field.choices) == ("select", ("total", "active"))
