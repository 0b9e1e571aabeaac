"""Asks checkdmarc about domains and records. It runs by itself, with checkdmarc on its path.

One JSON object comes in: {discover: [{domain, records: {name: [texts]}}], parse: [record]}. Out comes
{discover: [[location, record] or [error]], parse: [{tag: value} or [error]]}. No name is looked up.
"""

import json
import sys

import checkdmarc.dmarc as peer
import dns.resolver


def main() -> None:
    asked = json.load(sys.stdin)

    def no_check(*_: object, **__: object) -> None:
        """Whether a destination takes reports, and has an MX, is another question."""

    peer.verify_dmarc_report_destination = no_check
    peer.get_mx_records = lambda *_, **__: [{"preference": 10, "hostname": "mx"}]
    found = [discover(one["domain"], one["records"]) for one in asked["discover"]]
    json.dump({"discover": found, "parse": [parse(one) for one in asked["parse"]]}, sys.stdout)


def discover(domain: str, records: dict[str, list[str]]) -> list[str]:
    def query(name: str, rdtype: str, **_: object) -> list[str]:
        if rdtype != "TXT" or name not in records:
            raise dns.resolver.NoAnswer
        return records[name]

    peer.query_dns = query
    try:
        found = peer.query_dmarc_record(domain, ignore_unrelated_records=True)
    except peer.DMARCError as error:
        return [type(error).__name__]
    return [found["location"], found["record"]]


def parse(record: str) -> object:
    try:
        tags = peer.parse_dmarc_record(record, "acorn.example")["tags"]
    except peer.DMARCError as error:
        return [type(error).__name__]
    return {name: tag["value"] for name, tag in tags.items()}


main()
