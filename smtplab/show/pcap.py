"""A transcript as a packet capture, for Wireshark and tshark.

What would a capture on the cable have shown? The bytes, their times and their order are the ones that
the tap recorded: ciphertext where the connection was under TLS. The lab's addresses are notional, so
the packets around the bytes are built here: IP (RFC 791, RFC 8200) and TCP (RFC 9293) with a
handshake, sequence numbers, acknowledgements, checksums and an end.

It does not record packets: how loopback cut the stream into segments is not known and not shown.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ..mail.transcript import Side, Transcript

LINKTYPE_RAW = 101  # each packet begins with its IP header, IPv4 and IPv6 alike
MSS = {4: 1460, 6: 1440}  # octets of data in a segment, on Ethernet: 1500 less the two headers
_FIN, _SYN, _RST, _PSH, _ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_WINDOW = 0xFFFF

Packet = tuple[float, bytes]


def pcap(transcripts: Transcript | Iterable[Transcript]) -> bytes:
    """The capture file of one connection or of several, their packets in order of time.

    A packet's time is the transcript's `opened` (the lab's clock) plus the time since then.
    """
    import dpkt.pcap  # type: ignore[import-untyped]  # 0.1 s, and few notebooks save a capture

    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=LINKTYPE_RAW)
    packets = [packet for transcript in _several(transcripts) for packet in _Stream(transcript).packets()]
    for time, packet in sorted(packets, key=lambda packet: packet[0]):
        writer.writepkt(packet, ts=time)
    return file.getvalue()


def keylog(transcripts: Transcript | Iterable[Transcript]) -> str:
    """The secrets of every TLS session in `transcripts`, in the format that Wireshark reads.

    With them Wireshark shows what was said under TLS. Empty when there was none.
    """
    lines = [line for transcript in _several(transcripts) for line in list(transcript.keylog)]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))


def save(transcripts: Transcript | Iterable[Transcript], path: str | Path) -> list[Path]:
    """Write the capture to `path` and, where there was TLS, its secrets beside it with `.keys`.

    Returns the paths of the files written; only their owner can read them. Open both with
    `wireshark -o tls.keylog_file:mail.keys mail.pcap`.
    """
    chosen = _several(transcripts)
    written = [Path(path)]
    written[0].touch(0o600)
    written[0].write_bytes(pcap(chosen))
    if secrets := keylog(chosen):
        written.append(written[0].with_suffix(".keys"))
        written[1].touch(0o600)
        written[1].write_text(secrets, encoding="ascii")
    return written


def _several(transcripts: Transcript | Iterable[Transcript]) -> list[Transcript]:
    return [transcripts] if isinstance(transcripts, Transcript) else list(transcripts)


class _Stream:
    """The packets of one TCP connection."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._ends = {Side.CLIENT: transcript.client, Side.SERVER: transcript.server}
        self._version = ip_address(transcript.client.address).version
        first = transcript.number * 0x10000
        self._next = {Side.CLIENT: first % 2**32, Side.SERVER: (first + 0x8000) % 2**32}
        self._ended: set[Side] = set()
        self._count = 0

    def packets(self) -> Iterator[Packet]:
        opened = self._transcript.opened.timestamp()
        now = opened
        yield from ((now, packet) for packet in self._handshake())
        for event in list(self._transcript.wire):
            now = opened + event.t
            if event.kind == "data":
                yield from ((now, packet) for packet in self._data(event.side, event.data))
            elif event.kind == "close" and "closed" not in event.note:
                # Whatever else a note says (a reset, a drop, a failed handshake) cuts the connection.
                yield now, self._segment(event.side, _RST | _ACK)
                return
            elif event.kind == "close":
                yield from ((now, packet) for packet in self._finish(event.side))
        if self._ended and self._transcript.closed:
            yield from ((now, packet) for side in Side for packet in self._finish(side))

    def _handshake(self) -> Iterator[bytes]:
        yield self._segment(Side.CLIENT, _SYN)
        yield self._segment(Side.SERVER, _SYN | _ACK)
        yield self._segment(Side.CLIENT, _ACK)

    def _data(self, side: Side, data: bytes) -> Iterator[bytes]:
        """The segments that carry `data`, and an acknowledgement for every second one and the last."""
        size = MSS[self._version]
        starts = range(0, len(data), size)
        for count, start in enumerate(starts, 1):
            last = count == len(starts)
            yield self._segment(side, _ACK | (_PSH if last else 0), data[start : start + size])
            if last or count % 2 == 0:
                yield self._segment(side.other, _ACK)

    def _finish(self, side: Side) -> Iterator[bytes]:
        if side not in self._ended:
            self._ended.add(side)
            yield self._segment(side, _FIN | _ACK)
            yield self._segment(side.other, _ACK)

    def _segment(self, side: Side, flags: int, data: bytes = b"") -> bytes:
        """One IP packet from `side`. Sequence numbers move on by what it carries (RFC 9293 §3.4)."""
        from dpkt import tcp

        options = b"\x02\x04" + MSS[self._version].to_bytes(2, "big") if flags & _SYN else b""
        segment = tcp.TCP(
            sport=self._ends[side].port,
            dport=self._ends[side.other].port,
            seq=self._next[side],
            ack=self._next[side.other] if flags & _ACK else 0,
            off=5 + len(options) // 4,
            flags=flags,
            win=_WINDOW,
            opts=options,
            data=data,
        )
        advance = len(data) + bool(flags & (_SYN | _FIN))
        self._next[side] = (self._next[side] + advance) % 2**32
        return bytes(self._packet(side, segment))

    def _packet(self, side: Side, segment: Any) -> Any:
        from dpkt import ip, ip6

        self._count += 1
        source = ip_address(self._ends[side].address).packed
        target = ip_address(self._ends[side.other].address).packed
        if self._version == 4:
            dont_fragment = 0x4000
            return ip.IP(
                src=source, dst=target, p=6, id=self._count % 2**16, _flags_offset=dont_fragment, data=segment
            )
        return ip6.IP6(src=source, dst=target, nxt=6, hlim=64, plen=len(segment), data=segment)
