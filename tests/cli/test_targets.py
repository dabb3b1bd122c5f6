import pytest

from kick_io.cli import targets
from kick_proto import events, lifecycle, provider
from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.provider import Endpoint
from kick_proto.pusher import KICK_APP_KEY
from tests.cli import samples


def channel(channel_id: int, chatroom_id: int) -> Channel:
    return Channel(ChannelId(channel_id), ChatroomId(chatroom_id))


def test_a_pair_of_ids_is_a_channel() -> None:
    assert targets.channels(["668:669"]) == (channel(668, 669),)


def test_a_channel_that_is_named_twice_is_one() -> None:
    assert targets.channels(["1:2", "3:4", "1:2"]) == (channel(1, 2), channel(3, 4))


@pytest.mark.parametrize("name", ["xqc", "XQC", "kick.com/xqc", "https://kick.com/xqc/videos", "@xqc", " xqc "])
def test_a_name_is_a_slug(name: str) -> None:
    assert targets.named(name) == "xqc"


def test_where_ids_are_needed_a_name_is_told_so() -> None:
    with pytest.raises(LocalProtocolError, match=r"'xqc' is a name: give channel:chatroom ids here"):
        targets.channels(["1:2", "xqc"])


@pytest.mark.parametrize("target", ["668:abc", "two words", "a" * 26, "kick.com/"])
def test_what_is_neither_is_told_what_a_slug_is(target: str) -> None:
    with pytest.raises(LocalProtocolError, match="does not name a channel: a slug"):
        targets.named(target)


@pytest.mark.parametrize("target", ["", "668", "668:", ":668", "1:2:3", ":", "9" * 19 + ":1"])
def test_half_a_pair_is_told_what_to_give_instead(target: str) -> None:
    with pytest.raises(LocalProtocolError, match="is no pair of ids: give channel:chatroom ids"):
        targets.channels([target])


@pytest.mark.parametrize("target", ["0:1", "1:0"])
def test_no_id_is_zero(target: str) -> None:
    with pytest.raises(LocalProtocolError, match="must be a positive number"):
        targets.channels([target])


def test_digits_of_other_scripts_are_none() -> None:
    with pytest.raises(LocalProtocolError):
        targets.channels(["٣:٣"])


def test_kick_is_looked_for_in_its_clusters() -> None:
    app = targets.app()
    assert app.key == KICK_APP_KEY
    assert [endpoint.cluster for endpoint in app.endpoints] == ["us2", "eu", "ap1"]


def test_an_endpoint_a_key_and_clusters_take_their_place() -> None:
    assert targets.app("ws://127.0.0.1:6001", key="abc").endpoints == (
        Endpoint("127.0.0.1:6001", "127.0.0.1", 6001, False),
    )
    assert targets.app(key="abc").key == "abc"
    assert [endpoint.cluster for endpoint in targets.app(None, ["mt1", "eu1"]).endpoints] == ["mt1", "eu"]
    assert [endpoint.cluster for endpoint in targets.app("ws://[::1]:1", ["eu"]).endpoints] == ["[::1]:1", "eu"]


@pytest.mark.parametrize(
    ("endpoint", "names", "key"),
    [("http://127.0.0.1", (), None), ("127.0.0.1:6001", (), None), (None, ("not a cluster",), None), (None, (), "")],
)
def test_what_cannot_be_connected_to_is_refused(endpoint: str | None, names: tuple[str, ...], key: str | None) -> None:
    with pytest.raises(LocalProtocolError):
        targets.app(endpoint, names, key)


def test_all_events_are_wanted_by_default() -> None:
    assert targets.wanted([]) is None
    assert targets.wanted(["chat,all"]) is None


def test_groups_may_be_named_together_and_apart() -> None:
    both = frozenset({events.ChatMessage, events.Subscribed, events.Resubscribed, events.GiftedSubscriptions})
    assert targets.wanted(["chat,subs"]) == both
    assert targets.wanted(["chat", " subs"]) == both


@pytest.mark.parametrize("name", ["nothing", "", "Chat"])
def test_an_unknown_group_is_told_the_groups(name: str) -> None:
    with pytest.raises(LocalProtocolError, match=", ".join(targets.GROUPS)):
        targets.wanted([f"chat,{name}"])


def test_every_event_of_this_version_that_is_shown_in_its_own_way_is_in_one_group() -> None:
    groups = [group for group in targets.GROUPS.values() if group is not None]
    for event in samples.EVERYTHING:
        assert sum(type(event) in group for group in groups) == 1
    assert lifecycle.Up in groups[-1]
    assert provider.Confirmed in groups[-1]


def test_what_is_shown_says_what_is_subscribed() -> None:
    assert targets.demand(targets.wanted(["chat", "connection"])) == (events.ChatMessage,)
    assert frozenset[type](targets.demand(targets.wanted(["subs"])) or ()) == targets.GROUPS["subs"]
    assert set(targets.demand(targets.wanted(["unknown"])) or ()) == {events.Unknown, events.Undecodable}


@pytest.mark.parametrize("only", [[], ["all"], ["chat,all"], ["connection"]])
def test_who_wants_everything_or_the_connection_alone_subscribes_everything(only: list[str]) -> None:
    assert targets.demand(targets.wanted(only)) is None


def test_a_shard_is_counted_from_one() -> None:
    assert targets.shard(None) == (0, 1)
    assert targets.shard("1/1") == (0, 1)
    assert targets.shard("3/3") == (2, 3)
    assert targets.shard("1000/1000") == (999, 1_000)
