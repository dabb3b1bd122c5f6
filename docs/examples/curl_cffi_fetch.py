"""Another HTTP client in the place of ours: curl_cffi, with a browser's TLS fingerprint, which Kick's edge looks at."""

from curl_cffi import AsyncSession, CurlECode
from curl_cffi.requests.exceptions import RequestException

from kick_io.http import AsyncFetch, Unsent
from kick_proto.errors import TransportError
from kick_proto.http import Request, Response

NEVER_LEFT = {
    CurlECode.COULDNT_RESOLVE_HOST,
    CurlECode.COULDNT_CONNECT,
    CurlECode.SSL_CONNECT_ERROR,
    CurlECode.PEER_FAILED_VERIFICATION,
}


def fetch_with(session: AsyncSession) -> AsyncFetch:
    async def exchange(request: Request) -> Response | TransportError:
        try:
            reply = await session.request(
                request.method,
                request.url(),
                headers=request.header_lines(),
                data=request.content() or None,
                timeout=request.timeouts.total,
                allow_redirects=False,
                discard_cookies=True,
                stream=True,
            )
            try:
                body, cut = bytearray(), False
                async for chunk in reply.aiter_content():
                    body += chunk
                    if cut := len(body) > request.max_body:
                        break
            finally:
                await reply.aclose()
        except RequestException as error:
            return (Unsent if error.code in NEVER_LEFT else TransportError)(f"curl gave up with code {int(error.code)}")
        headers = tuple((name.lower(), value or "") for name, value in reply.headers.multi_items())
        return Response(reply.status_code, headers, bytes(body[: request.max_body]), cut)

    async def fetch(request: Request) -> Response:
        answer = await exchange(request)
        if isinstance(answer, TransportError):
            raise answer  # out here, where nothing below knows what was sent
        return answer

    return fetch
