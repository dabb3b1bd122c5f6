"""Section 4.1: what a server may answer to the opening handshake, and what of it opens a WebSocket."""

import msgspec

from tests.framed import ACCEPT

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""The key that our request holds; ``ACCEPT`` is the right token for it."""
MAX_HEADER = 2_000

LINES = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {ACCEPT}")
STATUS = "HTTP/1.1 101 Switching Protocols"
NOT_HTTP = "is not HTTP"
NO_UPGRADE = "lacks 'Upgrade: websocket'"
NO_CONNECTION = "lacks 'Connection: Upgrade'"
WRONG_ACCEPT = "wrong Sec-WebSocket-Accept"
NO_101 = "was answered with HTTP"
OLD = "which knows no upgrade"
TOO_LONG = ("too long", f"more than {MAX_HEADER} bytes")
MANY = "too many 1xx"


class Row(msgspec.Struct, frozen=True):
    """One answer. ``refused`` is what the refusal says, one of these where it depends on the reads; "" is none."""

    says: str
    answer: str
    refused: str | tuple[str, ...] = ""
    deviates: str = ""


class Group(msgspec.Struct, frozen=True):
    """Answers that one rule of the client is about; ``section`` is RFC 6455's, or another RFC's by its number."""

    section: str
    title: str
    rows: tuple[Row, ...]


def head(*lines: str, status: str = STATUS) -> str:
    """An answer of these lines and no others."""
    return "\r\n".join([status, *lines, "", ""])


def with_line(*lines: str) -> str:
    """The right answer with further lines."""
    return head(*LINES, *lines)


def instead(name: str, *lines: str) -> str:
    """The right answer with these lines in the place of the one of that name."""
    return head(*(each for each in LINES if not each.startswith(f"{name}:")), *lines)


UPGRADE, CONNECTION, TOKEN = "Upgrade", "Connection", "Sec-WebSocket-Accept"
GOOD = with_line()
PLAIN = "a 3xx may be followed and a 401 be answered; here both are refusals, and the next attempt is the session's"
BODY = "a 101 has no body (RFC 9110, 8.6); the header that announces one is ignored, and what follows is frames"
CODES = (200, 201, 204, 206, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 407, 426, 429, 500, 502, 503, 504, 599)

RIGHT = Group(
    "4.1",
    "The right answer",
    (
        Row("as printed", GOOD),
        Row(
            "names in lower case",
            GOOD.replace("Upgrade:", "upgrade:").replace("Sec-WebSocket-Accept", "sec-websocket-accept"),
        ),
        Row("names in capitals", GOOD.replace("Sec-WebSocket-Accept", "SEC-WEBSOCKET-ACCEPT")),
        Row("the headers the other way round", head(*reversed(LINES))),
        Row("no reason phrase", head(*LINES, status="HTTP/1.1 101")),
        Row("an empty reason phrase", head(*LINES, status="HTTP/1.1 101 ")),
        Row("another reason phrase", head(*LINES, status="HTTP/1.1 101 Web Socket Protocol Handshake")),
        Row("a reason phrase that is not ASCII", head(*LINES, status="HTTP/1.1 101 Zu Befehl\xe9")),
        Row("further headers", with_line("Server: nginx", "Date: Wed, 25 Nov 2026 00:00:00 GMT", "X-Empty:")),
        Row("a cookie, twice", with_line("Set-Cookie: a=1", "Set-Cookie: b=2")),
        Row("a version that nobody asked for", with_line("Sec-WebSocket-Version: 13")),
        Row("a body that is announced", with_line("Content-Length: 5"), deviates=BODY),
        Row("a body in chunks that is announced", with_line("Transfer-Encoding: chunked"), deviates=BODY),
        Row("HTTP/1.2, which is higher", head(*LINES, status="HTTP/1.2 101 x")),
        Row("bare line feeds", GOOD.replace("\r\n", "\n")),
    ),
)
STATUS_LINES = Group(
    "4.1",
    "Any other status",
    (
        *(Row(f"HTTP {code}", head("Content-Length: 0", status=f"HTTP/1.1 {code} x"), NO_101) for code in CODES),
        Row("200 with all the headers", head(*LINES, status="HTTP/1.1 200 OK"), NO_101),
        Row(
            "a redirect with its target", head("Location: wss://else.example/", status="HTTP/1.1 302 x"), NO_101, PLAIN
        ),
        Row("a question for a password", head("WWW-Authenticate: Basic", status="HTTP/1.1 401 x"), NO_101, PLAIN),
        Row("another version wanted", head("Sec-WebSocket-Version: 8", status="HTTP/1.1 426 x"), NO_101),
        Row("a status of three digits beyond all classes", head(status="HTTP/1.1 999 x"), NO_101),
    ),
)
INFORMATIONAL = Group(
    "RFC 9110 15.2",
    "Answers before the answer",
    (
        Row("a 100", head(status="HTTP/1.1 100 Continue") + GOOD),
        Row("a 102 with all the headers", head(*LINES, status="HTTP/1.1 102 x") + GOOD),
        Row("a 103 with a link", head("Link: </a>", status="HTTP/1.1 103 Early Hints") + GOOD),
        Row("ten of them", head(status="HTTP/1.1 100 x") * 10 + GOOD),
        Row("eleven", head(status="HTTP/1.1 100 x") * 11 + GOOD, MANY),
        Row("a 403 behind a 100", head(status="HTTP/1.1 100 x") + head(status="HTTP/1.1 403 x"), NO_101),
    ),
)
UPGRADES = Group(
    "4.1",
    "The Upgrade header",
    (
        Row("in mixed case", instead(UPGRADE, "Upgrade: WebSocket")),
        Row("in capitals", instead(UPGRADE, "Upgrade: WEBSOCKET")),
        Row("with blanks around it", instead(UPGRADE, "Upgrade: \t websocket \t")),
        Row("without a blank", instead(UPGRADE, "Upgrade:websocket")),
        Row("missing", instead(UPGRADE), NO_UPGRADE),
        Row("empty", instead(UPGRADE, "Upgrade:"), NO_UPGRADE),
        Row("another protocol", instead(UPGRADE, "Upgrade: h2c"), NO_UPGRADE),
        Row("with a version", instead(UPGRADE, "Upgrade: websocket/13"), NO_UPGRADE),
        Row("a longer word", instead(UPGRADE, "Upgrade: websockets"), NO_UPGRADE),
        Row("a list", instead(UPGRADE, "Upgrade: websocket, h2c"), NO_UPGRADE),
        Row("twice, differing", with_line("Upgrade: h2c"), NO_UPGRADE),
        Row("twice, alike", with_line("Upgrade: websocket"), NO_UPGRADE),
        Row("in quotes", instead(UPGRADE, 'Upgrade: "websocket"'), NO_UPGRADE),
    ),
)
CONNECTIONS = Group(
    "4.1",
    "The Connection header",
    (
        Row("in lower case", instead(CONNECTION, "Connection: upgrade")),
        Row("a list that holds it last", instead(CONNECTION, "Connection: keep-alive, Upgrade")),
        Row("a list that holds it first", instead(CONNECTION, "Connection: Upgrade,keep-alive")),
        Row("a list with gaps", instead(CONNECTION, "Connection: , ,Upgrade,")),
        Row("two lines", instead(CONNECTION, "Connection: keep-alive", "Connection: Upgrade")),
        Row("twice, alike", with_line("Connection: Upgrade")),
        Row("missing", instead(CONNECTION), NO_CONNECTION),
        Row("empty", instead(CONNECTION, "Connection:"), NO_CONNECTION),
        Row("keep-alive", instead(CONNECTION, "Connection: keep-alive"), NO_CONNECTION),
        Row("close", instead(CONNECTION, "Connection: close"), NO_CONNECTION),
        Row("a longer word", instead(CONNECTION, "Connection: Upgraded"), NO_CONNECTION),
        Row("two words", instead(CONNECTION, "Connection: keep-alive Upgrade"), NO_CONNECTION),
        Row("in quotes", instead(CONNECTION, 'Connection: "Upgrade"'), NO_CONNECTION),
    ),
)
TOKENS = Group(
    "4.1",
    "The accept token",
    (
        Row("with blanks around it", instead(TOKEN, f"Sec-WebSocket-Accept: \t{ACCEPT} ")),
        Row("missing", instead(TOKEN), WRONG_ACCEPT),
        Row("empty", instead(TOKEN, "Sec-WebSocket-Accept:"), WRONG_ACCEPT),
        Row("our own key", instead(TOKEN, f"Sec-WebSocket-Accept: {KEY}"), WRONG_ACCEPT),
        Row("of another key", instead(TOKEN, "Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk="), WRONG_ACCEPT),
        Row("in lower case", instead(TOKEN, f"Sec-WebSocket-Accept: {ACCEPT.lower()}"), WRONG_ACCEPT),
        Row("without its padding", instead(TOKEN, f"Sec-WebSocket-Accept: {ACCEPT[:-1]}"), WRONG_ACCEPT),
        Row("with a letter more", instead(TOKEN, f"Sec-WebSocket-Accept: {ACCEPT}A"), WRONG_ACCEPT),
        Row("in quotes", instead(TOKEN, f'Sec-WebSocket-Accept: "{ACCEPT}"'), WRONG_ACCEPT),
        Row("twice, alike", with_line(f"Sec-WebSocket-Accept: {ACCEPT}"), WRONG_ACCEPT),
        Row("twice, the second one wrong", with_line("Sec-WebSocket-Accept: x"), WRONG_ACCEPT),
        Row("a blank within it", instead(TOKEN, f"Sec-WebSocket-Accept: {ACCEPT[:9]} {ACCEPT[9:]}"), WRONG_ACCEPT),
        Row("under another name", instead(TOKEN, f"Sec-WebSocket-Accepted: {ACCEPT}"), WRONG_ACCEPT),
    ),
)
UNASKED = Group(
    "4.1",
    "Extensions and subprotocols, which we never ask for",
    (
        Row(
            "compression", with_line("Sec-WebSocket-Extensions: permessage-deflate"), "chose a sec-websocket-extensions"
        ),
        Row(
            "an extension with parameters",
            with_line("Sec-WebSocket-Extensions: x; y=1"),
            "chose a sec-websocket-extensions",
        ),
        Row("no extension, said at length", with_line("Sec-WebSocket-Extensions:"), "chose a sec-websocket-extensions"),
        Row("a subprotocol", with_line("Sec-WebSocket-Protocol: pusher"), "chose a sec-websocket-protocol"),
        Row("no subprotocol, said at length", with_line("Sec-WebSocket-Protocol:"), "chose a sec-websocket-protocol"),
    ),
)
VERSIONS = Group(
    "4.1",
    "HTTP that has no upgrade",
    (
        Row("HTTP/1.0", head(*LINES, status="HTTP/1.0 101 Switching Protocols"), OLD),
        Row("HTTP/0.9", head(*LINES, status="HTTP/0.9 101 Switching Protocols"), OLD),
        Row("HTTP/2.0", head(*LINES, status="HTTP/2.0 101 Switching Protocols"), OLD),
        Row("HTTP/2", head(*LINES, status="HTTP/2 101 Switching Protocols"), NOT_HTTP),
        Row("HTTP/1.1 in lower case", head(*LINES, status="http/1.1 101 Switching Protocols"), NOT_HTTP),
    ),
)
SYNTAX = Group(
    "RFC 9112 2 to 5",
    "What is HTTP and what is not",
    (
        Row("a folded value", instead(TOKEN, "Sec-WebSocket-Accept:", f" {ACCEPT}")),
        Row("a folded list", instead(CONNECTION, "Connection: keep-alive,", "\tUpgrade")),
        Row("a value folded within a word", instead(UPGRADE, "Upgrade: web", " socket"), NO_UPGRADE),
        Row("a fold before the first header", head(" folded", *LINES), NOT_HTTP),
        Row("a blank before the colon", instead(TOKEN, f"Sec-WebSocket-Accept : {ACCEPT}"), NOT_HTTP),
        Row("a name with a blank", with_line("X Y: z"), NOT_HTTP),
        Row("a line without a colon", with_line("nonsense"), NOT_HTTP),
        Row("a line without a name", with_line(": x"), NOT_HTTP),
        Row("a NUL in a value", with_line("X: a\0b"), NOT_HTTP),
        Row("a lonely carriage return in a value", with_line("X: a\rb"), NOT_HTTP),
        Row("two blanks behind the version", head(*LINES, status="HTTP/1.1  101 x"), NOT_HTTP),
        Row("a status of four digits", head(*LINES, status="HTTP/1.1 1011 x"), NOT_HTTP),
        Row("a status of two digits", head(*LINES, status="HTTP/1.1 10 x"), NOT_HTTP),
        Row("an empty line first", "\r\n" + GOOD, NOT_HTTP),
        Row("lengths that contradict each other", with_line("Content-Length: 1", "Content-Length: 2"), NOT_HTTP),
        Row("another transfer coding", with_line("Transfer-Encoding: gzip"), NOT_HTTP),
        Row("another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n", NOT_HTTP),
        Row("an alert of TLS", "\x15\x03\x01\x00\x02\x02\x28", NOT_HTTP),
        Row("a page", "<!DOCTYPE html>\r\n\r\n", NOT_HTTP),
    ),
)
SIZES = Group(
    "10.4",
    "Limits of our own",
    (
        Row("as long as the limit", with_line("X: " + "a" * (MAX_HEADER - len(GOOD) - 5))),
        Row("one byte longer", with_line("X: " + "a" * (MAX_HEADER - len(GOOD) - 4)), TOO_LONG),
        Row("far longer", with_line("X: " + "a" * 100_000), TOO_LONG),
        Row("many short headers", with_line(*("X: a" for _ in range(1_000))), TOO_LONG),
        Row("a header without end", STATUS + "\r\nX: " + "a" * 100_000, TOO_LONG),
        Row("a status line without end", STATUS + "a" * 100_000, TOO_LONG),
    ),
)

GROUPS: tuple[Group, ...] = (
    RIGHT,
    STATUS_LINES,
    INFORMATIONAL,
    UPGRADES,
    CONNECTIONS,
    TOKENS,
    UNASKED,
    VERSIONS,
    SYNTAX,
    SIZES,
)
