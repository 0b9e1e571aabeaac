"""Who on this machine owns the socket at the other end of a loopback connection?

Linux knows: its sock_diag (netlink, INET_DIAG) answers for one connection in some 15 µs, and where that is
not to be had, the tables /proc/net/tcp and udp tell the same more slowly. The answer is a user's number as
this process's user namespace has it. macOS and Windows have no way for an ordinary user: `ask` is None there.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

Transport = Literal["tcp", "udp"]
Address = tuple[str, int]

# (transport, the client's address, ours) -> the uid of the client's socket; None when nobody has it any more.
Ask = Callable[[Transport, Address, Address], int | None]

SOCK_DIAG = 4  # NETLINK_SOCK_DIAG, linux/netlink.h
BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY, linux/sock_diag.h
REQUEST = 1  # NLM_F_REQUEST
NO_COOKIE = 0xFFFFFFFF  # INET_DIAG_NOCOOKIE
LISTEN = 10  # TCP_LISTEN
HEAD = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port id
QUESTION = struct.Struct("=BBBxI")  # inet_diag_req_v2: family, protocol, extensions, states; then the id
# inet_diag_sockid: two ports and two addresses as on the wire, then interface and cookie
PORTS, PLACE, REST = struct.Struct(">HH"), struct.Struct("=4s12x"), struct.Struct("=III")
FOUND = struct.Struct("=BBxx")  # inet_diag_msg: family, state; then the id
NUMBERS = struct.Struct("=IIIII")  # after the id: expires, rqueue, wqueue, uid, inode
ID = PORTS.size + 2 * PLACE.size + REST.size
ANSWER = HEAD.size + FOUND.size + ID + NUMBERS.size
PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}


class SockDiag:
    """Asks the kernel over netlink. For one thread. Raises OSError where there is no netlink."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG)
        self._socket.setblocking(False)  # the kernel answers before `send` returns
        self._number = 0

    def __call__(self, transport: Transport, client: Address, server: Address) -> int | None:
        """The uid of the socket that `client` sends to `server` from; both IPv4."""
        self._number = self._number % 0xFFFFFFFF + 1
        # For UDP the kernel looks for who would get a packet from the first address to the second.
        ends = (client, server) if transport == "tcp" else (server, client)
        body = QUESTION.pack(socket.AF_INET, PROTOCOLS[transport], 0, NO_COOKIE) + _identity(*ends)
        head = HEAD.pack(HEAD.size + len(body), BY_FAMILY, REQUEST, self._number, 0)
        try:
            self._socket.send(head + body)
            return self._read(client[1], server[1] if transport == "tcp" else None)
        except OSError:
            return None

    def _read(self, ours: int, theirs: int | None) -> int | None:
        while True:
            answer = self._socket.recv(8192)
            _, kind, _, number, _ = HEAD.unpack_from(answer)
            if number == self._number:
                break
        if kind != BY_FAMILY or len(answer) < ANSWER:
            return None  # an error: there is no such socket
        _, state = FOUND.unpack_from(answer, HEAD.size)
        at, to = PORTS.unpack_from(answer, HEAD.size + FOUND.size)
        *_, uid, inode = NUMBERS.unpack_from(answer, HEAD.size + FOUND.size + ID)
        # For a connection that has gone the kernel may find a listener on its port.
        if at != ours or theirs not in (None, to) or state == LISTEN:
            return None
        return int(uid) if inode else None  # a socket that its program has closed is said to be root's

    def close(self) -> None:
        """Close the socket. Doing it twice is harmless."""
        self._socket.close()


def _identity(first: Address, second: Address) -> bytes:
    places = (PLACE.pack(socket.inet_aton(address)) for address, _ in (first, second))
    return PORTS.pack(first[1], second[1]) + b"".join(places) + REST.pack(0, NO_COOKIE, NO_COOKIE)


class Tables:
    """Reads the kernel's tables: for where netlink is not to be had. Costs more with every open socket."""

    def __init__(self, folder: Path = Path("/proc/self/net")) -> None:
        self.folder = folder

    def __call__(self, transport: Transport, client: Address, server: Address) -> int | None:
        """As `SockDiag` does; IPv6 sockets that speak IPv4 are in a table of their own."""
        mine, theirs = _spellings(client), _spellings(server)
        if transport == "udp":  # it may be bound to no address, and connected to nobody
            mine |= _spellings(("0.0.0.0", client[1])) | _spellings(("::", client[1]))
            theirs |= _spellings(("0.0.0.0", 0)) | _spellings(("::", 0))
        owners = set()
        for name in (transport, f"{transport}6"):
            with contextlib.suppress(OSError):
                rows = (row.split() for row in (self.folder / name).read_text("ascii").splitlines()[1:])
                owners |= {
                    int(row[7]) for row in rows if row[1] in mine and row[2] in theirs and row[9] != "0"
                }
        return owners.pop() if len(owners) == 1 else None

    def close(self) -> None:
        """Nothing is open."""


def _spellings(address: Address) -> set[str]:
    """How the tables write an address and port: each 32 bits as a number of this machine's."""
    found = ip_address(address[0]).packed
    forms = [found] if len(found) == 16 else [found, b"\0" * 10 + b"\xff\xff" + found]
    return {f"{''.join(map(_word, _fours(form)))}:{address[1]:04X}" for form in forms}


def _fours(octets: bytes) -> list[bytes]:
    return [octets[at : at + 4] for at in range(0, len(octets), 4)]


def _word(octets: bytes) -> str:
    return f"{int.from_bytes(octets, sys.byteorder):08X}"


def works(ask: Ask) -> bool:
    """Whether `ask` names this process's user for two sockets of our own, TCP and UDP."""
    me, here = os.geteuid(), ("127.0.0.1", 0)
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(here))
        client = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        client.settimeout(2)
        client.connect(server.getsockname())
        if ask("tcp", client.getsockname(), server.getsockname()) != me:
            return False
        sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        receiver = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        for sock in (sender, receiver):
            sock.bind(here)
        return ask("udp", sender.getsockname(), receiver.getsockname()) == me
    return False


@cache
def way() -> type[SockDiag] | type[Tables] | None:
    """How this system can be asked: found out once, by trying. None where it cannot."""
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError), contextlib.closing(SockDiag()) as kernel:
        if works(kernel):
            return SockDiag
    return Tables if works(Tables()) else None


def mixed() -> bool:
    """Whether this process's uid may stand for other users, too, so that an answer says nothing.

    In a user namespace all whom it does not know look like "nobody" (user_namespaces(7)).
    """
    try:
        nobody = int(Path("/proc/sys/kernel/overflowuid").read_text("ascii"))
        known = sum(
            int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text("ascii").splitlines()
        )
    except (OSError, ValueError, IndexError):
        return False
    return os.geteuid() == nobody and known < NO_COOKIE
