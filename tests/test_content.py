"""A message's text taken apart: nothing lost, nothing added, and no text that takes long."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.content import Emote, Fragment, Link, Mention, Text, fragments

CLAP = Emote("[emote:501:OwlClap]", 501, "OwlClap")
BOB = Mention("@Bob", "Bob")
LONG_NAME = f"[emote:1:{'n' * 100}]"
SITE = Link("https://fox.example/a")

specials = ["[emote:501:OwlClap]", "[emote:", "501:", "@Bob", "@", "https://", "http://", "fox.example/a"]
pieces = st.sampled_from([*specials, *" []().,;:!?'*_~\"<>\n"])
texts = st.text(st.characters()) | st.lists(pieces, max_size=20).map("".join)


@given(texts)
def test_the_fragments_join_to_the_original(text: str) -> None:
    assert "".join(fragment.text for fragment in fragments(text)) == text


@given(texts)
def test_no_fragment_is_empty_and_no_two_plain_texts_stand_side_by_side(text: str) -> None:
    found = fragments(text)
    assert all(fragment.text for fragment in found)
    assert not any(isinstance(left, Text) and isinstance(right, Text) for left, right in pairwise(found))


@given(texts)
def test_each_special_fragment_is_what_it_says(text: str) -> None:
    for fragment in fragments(text):
        match fragment:
            case Emote(text=piece, id=number, name=name):
                assert piece.startswith("[emote:")
                assert (int(piece.split(":")[1]), piece.split(":", 2)[2]) == (number, name + "]")
            case Mention(text=piece, username=username):
                assert piece == "@" + username
            case Link(text=piece):
                assert piece.startswith(("https://", "http://"))
                assert not any(character.isspace() for character in piece)
            case Text():
                pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("hello", [Text("hello")], id="plain"),
        pytest.param("[emote:501:OwlClap]", [CLAP], id="an emote alone"),
        pytest.param("[emote:501:OwlClap][emote:501:OwlClap]", [CLAP, CLAP], id="emotes glued together"),
        pytest.param("a[emote:501:OwlClap]b", [Text("a"), CLAP, Text("b")], id="an emote glued to text"),
        pytest.param("[emote:1:]", [Emote("[emote:1:]", 1, "")], id="an emote without a name"),
        pytest.param("[emote:1:a:b c]", [Emote("[emote:1:a:b c]", 1, "a:b c")], id="an emote with an odd name"),
        pytest.param("[emote:x:y]", [Text("[emote:x:y]")], id="an emote without a number is text"),
        pytest.param("[emote:1:y", [Text("[emote:1:y")], id="so is one without an end"),
        pytest.param(LONG_NAME, [Emote(LONG_NAME, 1, "n" * 100)], id="an emote with the longest name"),
        pytest.param(LONG_NAME[:-1] + "n]", [Text(LONG_NAME[:-1] + "n]")], id="a longer name is text"),
        pytest.param("[emote:" + "9" * 19 + ":a]", [Text("[emote:" + "9" * 19 + ":a]")], id="so is a longer number"),
        pytest.param("@Bob hi", [BOB, Text(" hi")], id="a mention"),
        pytest.param("hi @Bob!", [Text("hi "), BOB, Text("!")], id="a mention before punctuation"),
        pytest.param("(@Bob)", [Text("("), BOB, Text(")")], id="a mention in brackets"),
        pytest.param("@bob_2", [Mention("@bob_2", "bob_2")], id="a mention with a digit and a line"),
        pytest.param("bob@fox.example", [Text("bob@fox.example")], id="a mail address is no mention"),
        pytest.param("@@Bob", [Text("@@Bob")], id="nor is a doubled at"),
        pytest.param("@ Bob", [Text("@ Bob")], id="nor a lonely one"),
        pytest.param("https://fox.example/a", [SITE], id="a link"),
        pytest.param("http://fox.example", [Link("http://fox.example")], id="a link without TLS"),
        pytest.param("https://fox.example/a.", [SITE, Text(".")], id="a full stop is not the link's"),
        pytest.param("https://fox.example/a?!", [SITE, Text("?!")], id="nor are other marks"),
        pytest.param("https://fox.example/a?b=c&d#e", [Link("https://fox.example/a?b=c&d#e")], id="a query is"),
        pytest.param("(https://fox.example/a)", [Text("("), SITE, Text(")")], id="a bracket around a link"),
        pytest.param("https://fox.example/a_(b)", [Link("https://fox.example/a_(b)")], id="a bracket of the link"),
        pytest.param(
            "(https://fox.example/a_(b)).",
            [Text("("), Link("https://fox.example/a_(b)"), Text(").")],
            id="one of each",
        ),
        pytest.param(
            "(https://fox.example/a_(b)_c)",
            [Text("("), Link("https://fox.example/a_(b)_c"), Text(")")],
            id="a bracket of the link that is closed already",
        ),
        pytest.param("<https://fox.example/a>", [Text("<"), SITE, Text(">")], id="angle brackets around a link"),
        pytest.param("https://fox.example/a[emote:501:OwlClap]", [SITE, CLAP], id="a link glued to an emote"),
        pytest.param(
            "https://fox.example/@Bob", [Link("https://fox.example/@Bob")], id="a mention inside a link is its"
        ),
        pytest.param("https://", [Text("https://")], id="a link to nowhere is text"),
        pytest.param("https://_", [Text("https://_")], id="so is one to punctuation"),
        pytest.param("ftp://fox.example", [Text("ftp://fox.example")], id="and one of another scheme"),
    ],
)
def test_a_text_is_taken_apart(text: str, expected: list[Fragment]) -> None:
    assert list(fragments(text)) == expected


def test_an_emote_knows_its_picture() -> None:
    assert CLAP.url == "https://files.kick.com/emotes/501/fullsize"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("a" * 180_000, 1, id="one long word"),
        pytest.param("\x00" * 180_000, 1, id="control characters"),
        pytest.param("\ud800" * 180_000, 1, id="halves of emojis"),
        pytest.param("[" * 180_000, 1, id="brackets"),
        pytest.param("[emote:1:" * 20_000, 1, id="emotes that begin and never end"),
        pytest.param("[emote:" + "9" * 180_000, 1, id="an emote with an endless number"),
        pytest.param("[emote:1:" + "a" * 180_000 + "]", 1, id="an emote with an endless name"),
        pytest.param("[emote:1:a]" * 16_000, 16_000, id="nothing but emotes"),
        pytest.param("@" * 180_000, 1, id="ats"),
        pytest.param("@a " * 60_000, 120_000, id="nothing but mentions"),
        pytest.param("@a" * 90_000, 2, id="mentions glued together"),
        pytest.param("@" + "a" * 180_000, 2, id="an endless mention"),
        pytest.param("https:// " * 20_000, 1, id="links to nowhere"),
        pytest.param("https:" * 30_000, 1, id="links that do not even begin"),
        pytest.param("https://a " * 18_000, 36_000, id="nothing but links"),
        pytest.param("https://a" + "." * 180_000, 2, id="a link and endless punctuation"),
        pytest.param("https://a(" + ")" * 180_000, 2, id="a link and endless brackets"),
        pytest.param(" \n" * 90_000, 1, id="white space"),
    ],
)
def test_a_hostile_text_is_taken_apart_like_any_other(text: str, count: int) -> None:
    found = fragments(text)
    assert len(found) == count
    assert "".join(fragment.text for fragment in found) == text
