import re
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from kick_io.cli.output.render import LINES, REMEMBERED, Renderer, plain
from kick_io.cli.output.screen import Screen
from kick_proto import events
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, UserId
from kick_proto.session import SessionEvent
from tests.cli import samples

SGR = re.compile(r"\x1b\[[0-9;]*m")
TIME = len("14:30:15  ")

ids = [f"{type(event).__name__}-{number}" for number, event in enumerate(samples.EVERYTHING)]
each_event = pytest.mark.parametrize("event", samples.EVERYTHING, ids=ids)
ANY_TEXT = st.text(st.characters(codec=None)) | st.text(st.sampled_from("\x1b[]0m\x9b\n\t\r\b\u202e\ud83d[red]\\"))


def shown(*shown: SessionEvent) -> list[str]:
    """The plain lines of the events, without the time."""
    renderer = Renderer()
    return [plain(renderer.line(event, samples.NOW))[TIME:] for event in shown]


def on_terminal(event: SessionEvent, *, width: int = 10_000) -> str:
    screen = Screen(Console(force_terminal=True, color_system="truecolor", width=width))
    return screen.text([Renderer().line(event, samples.NOW)])


@each_event
def test_an_event_is_one_line_that_begins_with_the_local_time(event: SessionEvent) -> None:
    text = plain(Renderer().line(event, samples.NOW))
    assert text.startswith(f"{samples.NOW.astimezone():%H:%M:%S}  ")
    assert text.isprintable()
    assert text == text.rstrip()


@each_event
def test_a_terminal_shows_what_the_plain_line_says(event: SessionEvent) -> None:
    assert SGR.sub("", on_terminal(event)) == plain(Renderer().line(event, samples.NOW)) + "\n"


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_whatever_strangers_write_a_terminal_is_given_colours_only(text: str, username: str, color: str) -> None:
    written = SGR.sub("", on_terminal(samples.message(text, username=username, color=color)))
    assert written.endswith("\n")
    assert re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", written[:-1]) is None


@given(ANY_TEXT)
def test_servers_are_strangers_too(text: str) -> None:
    for event in (
        events.Unknown(samples.NOW, Frame(text, text, text), samples.CHANNEL),
        events.Undecodable(samples.NOW, Frame("", "", text), None, text, text),
        events.StreamOnline(samples.NOW, samples.RAW, samples.CHANNEL, 1, text, None),
    ):
        (line,) = shown(event)
        assert re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", line) is None


def test_every_type_of_event_in_the_samples_has_its_own_line() -> None:
    assert {type(event) for event in samples.EVERYTHING} == set(LINES)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (samples.EVERYTHING[0], "Zesty_Walrus: hello :KEKW: @polite, see https://example.org"),
        (
            samples.EVERYTHING[1],
            "⚔★• Zesty_Walrus: ↪ @PolitePebble ✦ subscription renewed, 12 months ✦ "
            "hello :KEKW: @polite, see https://example.org",
        ),
        (samples.message("[red]x[/red] [bold]"), "Zesty_Walrus: [red]x[/red] [bold]"),
        (samples.EVERYTHING[2], "✗ message deleted by Kick's filter (spam)"),
        (samples.EVERYTHING[3], "✗ Zesty_Walrus banned by PolitePebble"),
        (samples.EVERYTHING[4], "✗ Zesty_Walrus timeout 5 min"),
        (samples.EVERYTHING[5], "✓ Zesty_Walrus timeout lifted by PolitePebble"),
        (samples.EVERYTHING[6], "● live  calm speedruns"),
        (samples.EVERYTHING[7], "○ offline"),
        (samples.EVERYTHING[8], "★ PolitePebble subscribed"),
        (samples.EVERYTHING[9], "★ PolitePebble resubscribed, 12 months"),
        (samples.EVERYTHING[10], "? App\\Events\\SomethingEvent on chatrooms.669.v2"),
        (
            samples.EVERYTHING[11],
            "‼ unreadable: App\\Events\\SomethingEvent on chatrooms.669.v2: expected int at $.sender.id",
        ),
        (samples.EVERYTHING[12], "‼ unreadable: {: not a frame at $"),
        (samples.EVERYTHING[13], "▲ up on us2"),
        (samples.EVERYTHING[14], "▲ up on us2 again, 3.2 s without events"),
        (samples.EVERYTHING[15], "▼ down on us2: 4200 please reconnect; trying again at once"),
        (samples.EVERYTHING[16], "▼ down on us2: 1006; trying again in 1 min 30 s"),
        (samples.EVERYTHING[17], "▼ down on us2: 4001 no such app"),
        (samples.EVERYTHING[18], "■ gave up: no such app"),
        (samples.EVERYTHING[19], "… behind by 12,345 events"),
        (samples.EVERYTHING[20], "· subscribed to chatrooms.669.v2"),
        (samples.EVERYTHING[21], "! chatrooms.669.v2 refused: forbidden"),
        (samples.EVERYTHING[22], "! the server reports an error 4301: slow down"),
        (samples.EVERYTHING[23], "! the server reports an error: hm"),
    ],
)
def test_the_lines(event: SessionEvent, line: str) -> None:
    assert shown(event) == [line]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        (events.Resubscribed, ["★ PolitePebble resubscribed  still here :KEKW:"]),
        (
            events.GiftedSubscriptions,
            [
                "❖ PolitePebble gifted 1,000 subscriptions to Ann, Ben, Cem, Dora, Eve and 995 more",
                "❖ somebody gifted a subscription to Ann",
                "❖ PolitePebble gifted subscriptions",
            ],
        ),
        (events.SubscriberCountChanged, ["★ 3,323 subscribers"]),
        (
            events.Tipped,
            ["◈ PolitePebble sent 1,000 KICKs (Pack It Up)  take mine", "◈ PolitePebble sent 1 KICKs"],
        ),
        (events.RewardRedeemed, ["✧ PolitePebble redeemed Hydrate  now", "✧ PolitePebble redeemed a reward"]),
        (events.PointsChanged, ["✧ 10 points earned, 1,090 in all", "✧ 1 point"]),
        (events.GoalChanged, ["◎ goal progress: 247,533 of 300,000 followers", "◎ goal canceled"]),
        (
            events.LeaderboardChanged,
            ["♛ subscriptions leaderboard  ever PolitePebble 2,171  this month Zesty_Walrus 5"],
        ),
    ],
)
def test_the_lines_of_support(kind: type[SessionEvent], lines: list[str]) -> None:
    told = [event for event in samples.EVERYTHING if type(event) is kind]
    assert shown(*told)[-len(lines) :] == lines


@pytest.mark.parametrize(
    ("made", "lines"),
    [
        (events.ChatCleared, ["✗ chat cleared"]),
        (events.MessagePinned, ["⚲ pinned by PolitePebble for 20 min  Zesty_Walrus: hello :KEKW:", "⚲ pinned  hello"]),
        (events.MessageUnpinned, ["⚲ unpinned"]),
        (
            events.ChatSettingsChanged,
            [
                "⚙ chat settings  slow mode 5 s, followers only on, subscribers only off, emotes only off, "
                "account age 12 h, links allowed on, bot protection off, rules be kind",
                "⚙ chat settings",
            ],
        ),
        (events.BannedWordsChanged, ["⚙ marmalade banned as a word by PolitePebble", "⚙ marmalade allowed as a word"]),
        (
            events.StreamUpdated,
            [
                "● stream updated  title calm speedruns  category Teapot Island  language English  mature no"
                "  viewers 1,692  tags cosy, slow",
                "● stream updated",
            ],
        ),
        (
            events.RaidReceived,
            ["➤ PolitePebble raids with 1,216 viewers  be nice", "➤ PolitePebble raids with 1 viewer"],
        ),
        (events.RaidSent, ["➤ raids Zesty_Walrus (Teapot Island, 1,692 viewers)", "➤ raids zesty-walrus"]),
        (
            events.FollowersChanged,
            [
                "♥ PolitePebble follows, 1,348 followers",
                "♥ somebody follows no more",
                "♥ somebody's following changed, 1 follower",
            ],
        ),
        (events.PollChanged, ["▤ poll tea or coffee?  tea 1,038  coffee 61  19 s left"]),
        (events.PollDeleted, ["▤ poll deleted"]),
        (events.PredictionChanged, ["◭ prediction resolved will it boil?  ✓ yes 5,010  no"]),
    ],
)
def test_the_lines_of_a_type(made: type[SessionEvent], lines: list[str]) -> None:
    assert shown(*(event for event in samples.EVERYTHING if type(event) is made)) == lines


def test_a_deleted_message_is_shown_struck_out_if_it_was_shown() -> None:
    deletion = events.MessageDeleted(samples.NOW, samples.RAW, samples.CHANNEL, "d1", "m1")
    assert shown(samples.message("oops [emote:1:KEKW]"), deletion)[1] == "✗ message deleted  Zesty_Walrus: oops :KEKW:"
    renderer = Renderer()
    renderer.line(samples.message("oops"), samples.NOW)
    assert ("oops", "strike dim") in renderer.line(deletion, samples.NOW)


def test_only_the_last_messages_are_remembered() -> None:
    deletion = events.MessageDeleted(samples.NOW, samples.RAW, samples.CHANNEL, "d1", "m1")
    many = [samples.message(id=f"n{number}") for number in range(REMEMBERED)]
    assert shown(samples.message("oops"), *many, deletion)[-1] == "✗ message deleted"
    assert shown(samples.message("oops"), *many[1:], deletion)[-1] == "✗ message deleted  Zesty_Walrus: oops"


def test_channels_are_named_where_there_are_several() -> None:
    other = Channel(ChannelId(1), ChatroomId(2), "someone")
    renderer = Renderer((samples.CHANNEL, other))
    offline = events.StreamOffline(samples.NOW, samples.RAW, other, 1)
    assert plain(renderer.line(samples.message("hi"), samples.NOW))[TIME:] == "668:669  Zesty_Walrus: hi"
    assert plain(renderer.line(offline, samples.NOW))[TIME:] == "someone  ○ offline"
    assert plain(renderer.line(samples.EVERYTHING[13], samples.NOW))[TIME:] == "▲ up on us2"


@pytest.mark.parametrize("color", ["red", "#12345", "#1234567", "#GGGGGG", "bold", "link https://x", "#12345\u0663"])
def test_only_a_colour_is_taken_for_one(color: str) -> None:
    assert Renderer().line(samples.message(color=color), samples.NOW)[1] == ("Zesty_Walrus", "bold green")
    assert Renderer().line(samples.message(color="#a1B2c3"), samples.NOW)[1] == ("Zesty_Walrus", "bold #a1B2c3")


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=1), "1 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(days=7), "7 d"),
        (timedelta(days=1, hours=1, minutes=1), "1 d 1 h"),
        (timedelta(), "0 s"),
    ],
)
def test_durations_are_told_in_words(duration: timedelta, words: str) -> None:
    ban = events.UserBanned(samples.NOW, samples.RAW, samples.CHANNEL, "b", samples.USER, None, False, duration)
    assert shown(ban) == [f"✗ Zesty_Walrus timeout {words}"]


class Prize(msgspec.Struct, frozen=True):
    title: str
    worth: float


class GiveawayEnded(events.IdentifiedEvent, frozen=True, tag=True):
    winner: events.User
    prizes: tuple[Prize, ...]
    entry_count: int
    is_fair: bool
    ends_at: datetime
    took: timedelta
    note: str | None = None
    story: str = ""


def test_an_event_of_a_later_version_shows_its_fields() -> None:
    prizes = (Prize("teapot", 2.5), Prize("kettle", 1.0))
    event = GiveawayEnded(
        samples.NOW, samples.RAW, samples.CHANNEL, "g1", samples.USER, prizes, 3, True, samples.NOW, timedelta(hours=1)
    )
    assert shown(event) == [
        "◇ giveaway ended  winner Zesty_Walrus  prizes teapot 2.5, kettle 1.0  entry count 3  is fair yes"
        f"  ends at {samples.NOW.astimezone():%H:%M:%S}  took 1 h"
    ]


def test_a_long_field_of_it_is_cut() -> None:
    event = GiveawayEnded(
        samples.NOW, samples.RAW, samples.CHANNEL, "g1", samples.USER, (), 3, False, samples.NOW, timedelta(), "x" * 999
    )
    assert shown(event)[0].endswith(f"note {'x' * 119}…")


def test_a_long_line_goes_on_below_its_own_text() -> None:
    text = "word " * 30
    lines = SGR.sub("", on_terminal(samples.message(text), width=80)).splitlines()
    assert len(lines) == 3
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith(" " * TIME + "word") for line in lines[1:])


def test_a_narrow_terminal_wraps_by_itself() -> None:
    assert SGR.sub("", on_terminal(samples.message("word " * 30), width=20)).count("\n") == 1


def test_names_keep_a_colour_where_none_was_chosen() -> None:
    styles = {
        Renderer().line(
            events.ChatMessage(
                samples.NOW, samples.RAW, samples.CHANNEL, "m", "hi", events.Author(UserId(number), "x"), samples.NOW
            ),
            samples.NOW,
        )[1][1]
        for number in range(20)
    }
    assert len(styles) == 6
