"""The error tree: one root, its children, and data in place of further classes."""

import copy
import pickle
from collections.abc import Callable

import pytest

from kick_proto.errors import (
    ApiError,
    KickError,
    LocalProtocolError,
    LoginFailed,
    RateLimited,
    RemoteProtocolError,
    StoreError,
    TransportError,
)

CHILDREN = [LocalProtocolError, RemoteProtocolError, TransportError, ApiError, LoginFailed, StoreError]


@pytest.mark.parametrize("child", CHILDREN)
def test_each_error_is_a_child_of_the_root_and_of_nothing_between(child: type[KickError]) -> None:
    assert child.__bases__ == (KickError,)


def test_the_root_is_an_ordinary_exception() -> None:
    assert KickError.__bases__ == (Exception,)


@pytest.mark.parametrize("child", [LocalProtocolError, RemoteProtocolError, TransportError])
def test_an_error_says_its_sentence(child: type[KickError]) -> None:
    assert str(child("subscribe() needs a channel")) == "subscribe() needs a channel"


def test_an_api_error_carries_what_the_reply_said() -> None:
    error = ApiError("too many requests", status=429, code="rate_limited", retry_after=1.5)
    assert str(error) == "too many requests"
    assert (error.status, error.code, error.retry_after) == (429, "rate_limited", 1.5)


def test_an_api_error_needs_a_status_only() -> None:
    error = ApiError("bad gateway", status=502)
    assert (error.status, error.code, error.retry_after) == (502, None, None)


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda error: pickle.loads(pickle.dumps(error)), id="pickle"),
    ],
)
def test_a_copied_api_error_says_the_same(copied: Callable[[ApiError], ApiError]) -> None:
    # A machine that holds one must be copied whole: its copy goes on alike.
    error = copied(ApiError("slow down", status=429, code="rate_limited", retry_after=2.0))
    assert (str(error), error.status, error.code, error.retry_after) == ("slow down", 429, "rate_limited", 2.0)


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(copy.copy, id="copy"),
        pytest.param(lambda error: pickle.loads(pickle.dumps(error)), id="pickle"),
    ],
)
def test_a_copied_error_keeps_its_kind_and_its_data(copied: Callable[[KickError], KickError]) -> None:
    failed = copied(LoginFailed("the user said no", code="access_denied"))
    assert isinstance(failed, LoginFailed)
    assert (str(failed), failed.code) == ("the user said no", "access_denied")
    limited = copied(RateLimited("slow down", status=429, retry_after=5.0))
    assert isinstance(limited, RateLimited)
    assert (limited.status, limited.retry_after) == (429, 5.0)
