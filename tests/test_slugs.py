"""The name of a channel, as people write it, and what of it is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.errors import LocalProtocolError
from kick_proto.slugs import LONGEST, Slug, hyphenated, is_same, parse_slug

SLUGS = st.from_regex(rf"[a-z0-9_-]{{1,{LONGEST}}}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        "night_fox",
        "Night_Fox",
        "  night_fox\n",
        "@night_fox",
        " @Night_FOX ",
        "kick.com/night_fox",
        "Kick.com/Night_Fox",
        "www.kick.com/night_fox",
        "m.kick.com/night_fox/",
        "http://kick.com/night_fox",
        "https://kick.com/night_fox",
        "https://www.kick.com/night_fox/videos?page=2#top",
        "https://kick.com/night_fox?a=b",
        "https://kick.com/night_fox#top",
        "https://kick.com/popout/night_fox/chat",
        "https://kick.com/@night_fox",
    ],
)
def test_a_slug_is_found_in_whatever_people_paste(text: str) -> None:
    assert parse_slug(text) == "night_fox"


@pytest.mark.parametrize("slug", ["a", "0", "-", "_", "a" * LONGEST, "xqc", "a-b_c-0", "popout", "kick"])
def test_what_is_a_slug_stays_as_it_is(slug: str) -> None:
    assert parse_slug(slug) == slug


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "@",
        "@@fox",
        "a" * (LONGEST + 1),
        "night fox",
        "night.fox",
        "night/fox",
        "../fox",
        "..",
        "fox?x=1",
        "fox#x",
        "fox%2f..",
        "fox\x00",
        "fox\nx",
        "f\N{LATIN SMALL LETTER O WITH DIAERESIS}x",
        "\N{KELVIN SIGN}ick",
        "\N{FULLWIDTH LATIN SMALL LETTER F}ox",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "https://kick.com/",
        "https://kick.com",
        "kick.com/..",
        "https://kick.com//fox",
        "https://kick.com.example/fox",
        "https://example.com/kick.com/fox",
        "https://twitch.tv/fox",
        "https://user@kick.com/fox",
        "ftp://kick.com/fox",
    ],
)
def test_what_cannot_be_a_slug_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(
        LocalProtocolError, match=r"does not name a channel: .*1 to 25 of the characters a-z, 0-9, _ and -"
    ):
        parse_slug(text)


@pytest.mark.parametrize("wrong", [None, 7, b"fox", ["fox"]])
def test_what_is_no_text_is_refused(wrong: Any) -> None:
    with pytest.raises(LocalProtocolError, match="a channel is named by a text like 'fox', not by"):
        parse_slug(wrong)


def test_an_error_does_not_repeat_a_long_text() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        parse_slug("x" * 1_000_000)
    assert len(str(caught.value)) < 250


@given(SLUGS)
def test_every_form_of_a_slug_is_the_same_slug(slug: str) -> None:
    for form in (slug.upper(), f"@{slug}", f"https://kick.com/{slug}", f"kick.com/{slug}/about", f"\t{slug} "):
        assert parse_slug(form) == parse_slug(slug) == slug


@given(st.text(st.characters()))
def test_whatever_is_let_through_is_made_of_the_allowed_characters(text: str) -> None:
    try:
        slug = parse_slug(text)
    except LocalProtocolError:
        return
    assert 1 <= len(slug) <= LONGEST
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")


@given(SLUGS, SLUGS)
def test_a_slug_that_is_told_is_the_same_in_any_case_and_with_hyphens_and_no_other_is(one: str, other: str) -> None:
    slug = Slug(one)
    assert is_same(slug, one)
    assert is_same(slug, one.upper())
    assert is_same(slug, one.replace("_", "-"))
    assert is_same(slug, other) == (one.replace("_", "-") == other.replace("_", "-"))


@given(SLUGS)
def test_the_other_name_has_a_hyphen_for_every_underscore(slug: str) -> None:
    other = hyphenated(Slug(slug))
    if "_" not in slug:
        assert other is None
        return
    assert other is not None
    assert other == parse_slug(other) != slug
    assert [a for a, b in zip(slug, other, strict=True) if a != b] == ["_"] * slug.count("_")
    assert hyphenated(other) is None
