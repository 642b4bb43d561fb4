"""Calls to addresses that admins named, over HTTP: never to this machine or its network unless allowed."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence

import httpx

from core.hooks.calls import Outcome

TIMEOUT_SECONDS = 15.0
"""The specification's: 15 to 30 s."""

USER_AGENT = "baseCamp-for-Slack"

PRIVATE = "the address is private: it is not called (HOOKS_PRIVATE)"


class HookPost:
    """core.ports.HookPost. A name is looked up once, and the call goes to the address that was judged."""

    def __init__(self, *, private: bool) -> None:
        """private: whether addresses that are not the public internet's may be called."""
        self._private = private
        # trust_env: a proxy of the environment would look the name up anew, behind the guard.
        # No connection is kept: two names may share an address, and one's certificate is not the other's.
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """POST it; what came of it, never an exception. What was answered is not read."""
        try:
            asked = httpx.URL(url)
            if asked.scheme not in {"http", "https"} or not asked.host:
                return Outcome(status=None, said="the address is none", final=True)
            addresses = await _addresses(asked)
            if not self._private and not all(map(is_public, addresses)):
                return Outcome(status=None, said=PRIVATE, final=True)
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._post(asked, addresses[0], headers, body)
        except _MISTAKES as error:
            says = next(says for kinds, says in _SAYS if isinstance(error, kinds))
            return Outcome(status=None, said=says, final=isinstance(error, httpx.InvalidURL))
        return Outcome(status=status, said=f"answered {status}")

    async def _post(self, asked: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> int:
        request = self._client.build_request(
            "POST",
            asked.copy_with(host=address),
            headers={**headers, "host": asked.netloc.decode(), "user-agent": USER_AGENT},
            content=body,
            extensions={"sni_hostname": asked.host},
        )
        answer = await self._client.send(request, stream=True)
        await answer.aclose()
        return answer.status_code

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()


def is_public(address: str) -> bool:
    """Whether it is an address of the public internet, also one in an IPv6 dress."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1] or _nat64(ip)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address in one of 64:ff9b::/96 (RFC 6052)."""
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


async def _addresses(asked: httpx.URL) -> Sequence[str]:
    """All addresses of the name, those of IPv4 first."""
    port = asked.port or (443 if asked.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(asked.host, port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(each[4][0]) for each in found)
    return sorted(addresses, key=lambda address: ":" in address)


_SAYS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (httpx.InvalidURL, "the address is none"),
    ((TimeoutError, httpx.TimeoutException), "no answer in time"),
    (httpx.HTTPError, "not reached"),
    ((OSError, UnicodeError), "its name is not known"),
)
_MISTAKES = (httpx.InvalidURL, httpx.HTTPError, OSError, UnicodeError)  # TimeoutError is an OSError
