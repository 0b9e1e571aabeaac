"""DNS on the wire: UDP and TCP on one loopback port (RFC 1035 §4.2).

`reply` turns the octets of a query into those of the answer; `Server` carries them. What the answer
is, the zones decide. A query that no program would send gets FORMERR, NOTIMP or silence, and never
ends the server, and one of another user's of this machine neither (`strangers`). It does no zone transfer,
no DNSSEC and no cookies.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Literal, cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rdataclass
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from ..mail.errors import LabError
from .dns_zones import Found

Transport = Literal["udp", "tcp"]
Address = tuple[str, int]

# What a question gets: the answer, or None for silence, and the seconds to wait before it. The last argument
# is the host of the lab that asks, "" where the question does not say.
Answer = Callable[[Name, RdataType, Address, Transport, str], tuple[Found | None, float]]

# Whether a client's socket (the first address) may ask ours (the second); then what it asks, for the record.
Admits = Callable[[Transport, Address, Address, str], bool]

HOST = "127.0.0.1"
HEADER = 12  # octets (RFC 1035 §4.1.1)
SMALLEST_PAYLOAD = 512  # octets that a client takes over UDP without EDNS (RFC 1035 §4.2.1)
PAYLOAD = 1232  # and at most with it (RFC 6891 §6.2.5): what fits in one packet over IPv6
LARGEST_QUERY = 4096  # octets over TCP; a longer one ends the connection
IDLE = 5.0  # seconds that a TCP connection may be silent (RFC 7766 §6.2.3)
MAX_AT_ONCE = 256  # TCP connections and delayed answers; what comes on top is dropped
PORT_TRIES = 20

# Lab: a resolver of the lab says in an EDNS option for local use (RFC 6891 §9) for which host it asks,
# because all of them ask from the same loopback address. It changes no answer.
ASKER = 65001
LONGEST_ASKER = 255


def reply(wire: bytes, client: Address, transport: Transport, answer: Answer) -> tuple[bytes, float]:
    """The octets to send back, b"" for none, and the seconds to wait before."""
    if len(wire) < HEADER or wire[2] & 0x80:
        return b"", 0.0  # no header; or itself a response, and answering those goes round for ever
    if (wire[2] >> 3) & 0xF != dns.opcode.QUERY:
        return _bare(wire, Rcode.NOTIMP), 0.0
    if wire[4:6] != b"\0\1":  # RFC 9619 §4: one question
        return _bare(wire, Rcode.FORMERR), 0.0
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return _bare(wire, Rcode.FORMERR), 0.0
    question = query.question[0]
    found: Found | None
    delay = 0.0
    if query.edns > 0:
        found = Found(Rcode.BADVERS, ())
    elif question.rdclass != dns.rdataclass.IN:
        found = Found(Rcode.REFUSED, ())
    else:
        found, delay = answer(question.name, question.rdtype, client, transport, asker(query))
    return (_wire(query, found, transport) if found else b""), delay


def asker(query: dns.message.Message) -> str:
    """The host of the lab that a query says it is for, "" when it does not."""
    told = (option for option in query.options if option.otype == ASKER)
    data = next((option.to_wire() or b"" for option in told), b"")
    return data[:LONGEST_ASKER].decode("ascii", "replace")


def _bare(wire: bytes, rcode: Rcode) -> bytes:
    """A header that says no: the id, opcode and RD bit of the query, RA and `rcode`."""
    return wire[:2] + bytes([0x80 | wire[2] & 0x79, 0x80 | rcode]) + bytes(8)


def _wire(query: dns.message.Message, found: Found, transport: Transport) -> bytes:
    """The response. One that is too big for the client loses records and gets the TC bit."""
    # Lab: RA is set because this server stands for the whole internet and the resolver in front of
    # it; a real authoritative server says AA without RA, a real resolver RA without AA.
    response = dns.message.make_response(query, recursion_available=True, our_payload=PAYLOAD)
    response.want_dnssec(bool(query.ednsflags & dns.flags.DO))  # RFC 3225 §3: copied
    response.set_rcode(found.rcode)
    if found.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
        response.flags |= dns.flags.AA
    response.answer, response.authority = list(found.answers), list(found.authority)
    room = min(max(query.payload, SMALLEST_PAYLOAD), PAYLOAD) if transport == "udp" else 65535
    return response.to_wire(max_size=room, prefer_truncation=True, want_shuffle=False)


def everybody(transport: Transport, client: Address, server: Address, at: str) -> bool:
    """The `Admits` that asks nobody."""
    return True


class Server:
    """Answers queries on `port`, over UDP and TCP, on the loop that `start` runs on."""

    def __init__(self, answer: Answer, admits: Admits = everybody) -> None:
        self.port = 0
        self._answer = answer
        self._admits = admits
        self._tasks: set[asyncio.Task[None]] = set()
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Listen. Raises LabError when no port is free for both transports."""
        loop = asyncio.get_running_loop()
        for _ in range(PORT_TRIES):
            tcp = await asyncio.start_server(self._accept, HOST, 0)
            port = tcp.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), (HOST, port))
            except OSError:  # the number was free for TCP only
                tcp.close()
                await tcp.wait_closed()
                continue
            self._tcp, self.port = tcp, port
            return
        raise LabError("No port is free for the lab's DNS: end some other programs and try again.")

    async def stop(self) -> None:
        """Stop listening and end every connection. Doing it twice is harmless."""
        if self._udp:
            self._udp.abort()
        if self._tcp:
            self._tcp.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports say connection_lost in the loop's next round
        if self._tcp:
            await self._tcp.wait_closed()
        self._tcp, self._udp, self.port = None, None, 0

    def spawn(self, work: Coroutine[Any, Any, None]) -> bool:
        """Run `work` beside the rest, unless there is too much already."""
        if len(self._tasks) >= MAX_AT_ONCE:
            work.close()
            return False
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def admits(self, client: Address, transport: Transport) -> bool:
        """Whether `client` may ask here."""
        return self._admits(transport, client, (HOST, self.port), f"the DNS over {transport.upper()}")

    def reply(self, wire: bytes, client: Address, transport: Transport) -> tuple[bytes, float]:
        """See the function `reply`."""
        return reply(wire, client, transport, self._answer)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known = self.admits(writer.get_extra_info("peername")[:2], "tcp")
        if not (known and self.spawn(self._serve(reader, writer))):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what comes on one connection, query after query, until it ends or falls silent."""
        try:
            with contextlib.suppress(OSError, EOFError):  # a timeout is an OSError
                while await self._turn(reader, writer):
                    pass
            writer.close()
            with contextlib.suppress(OSError):
                async with asyncio.timeout(IDLE):
                    await writer.wait_closed()
        finally:
            writer.transport.abort()

    async def _turn(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One query and its answer. False for a query that is too long."""
        async with asyncio.timeout(IDLE):
            size = int.from_bytes(await reader.readexactly(2), "big")  # RFC 1035 §4.2.2
            if size > LARGEST_QUERY:
                return False
            query = await reader.readexactly(size)
        wire, delay = self.reply(query, writer.get_extra_info("peername")[:2], "tcp")
        if delay:
            await asyncio.sleep(delay)
        if wire:
            writer.write(len(wire).to_bytes(2, "big") + wire)
            async with asyncio.timeout(IDLE):
                await writer.drain()
        return True


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: Server) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not self._server.admits((addr[0], addr[1]), "udp"):
            return
        wire, delay = self._server.reply(data, (addr[0], addr[1]), "udp")
        if wire and delay:
            self._server.spawn(self._later(delay, wire, addr))
        elif wire:
            self._transport.sendto(wire, addr)

    async def _later(self, delay: float, wire: bytes, addr: tuple[Any, ...]) -> None:
        await asyncio.sleep(delay)
        self._transport.sendto(wire, addr)
