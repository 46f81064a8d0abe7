"""The figures' colours are the page's."""

from frontend.figures.theme import NAMES, theme


def test_both_themes_have_the_same_tokens_and_other_colours():
    light, dark = (theme(name) for name in NAMES)

    assert light.colours.keys() == dark.colours.keys()
    assert (light["fig-compute"], dark["fig-compute"]) == ("#2b59c3", "#7f9ff0")
    assert (light["space-4"], dark["space-4"]) == ("1rem", "1rem")


def test_a_theme_nobody_knows_is_the_light_one():
    assert theme("<script>") == theme("light")


def test_a_tint_lies_between_the_colour_and_the_card_behind_it():
    light = theme("light")

    assert [light.tint("fig-network", strength) for strength in (0, 0.5, 1)] == [
        light["surface"],
        "#ecc095",
        light["fig-network"],
    ]


def test_text_upon_a_colour_is_of_the_more_legible_ink():
    light, dark = (theme(name) for name in NAMES)

    assert [light.on(light[f"fig-{name}"]) for name in ("compute", "bubble")] == ["#ffffff", "#1b1b19"]
    assert light.on(light.tint("fig-memory", 0.6)) == "#1b1b19"
    assert dark.on(dark.tint("fig-other", 0.4)) == "#eeede9"


def test_an_axis_says_what_it_measures():
    assert theme("dark").axis("Step time (s)", fixedrange=True)["title"]["text"] == "Step time (s)"
