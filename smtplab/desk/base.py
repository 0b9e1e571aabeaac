"""What the pictures of a lab have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lab.lab import Lab as BareLab

if TYPE_CHECKING:
    from ..show.code import Target


class Base(BareLab):
    """A lab that can say where its ports really are."""

    def _target(self, host: str, port: int) -> Target:
        from ..show.code import Target

        tap = self.network.tap(host, port)
        address, real = tap.real
        return Target(tap.host.name, address, real, "implicit" if tap.tls else "none", self.ca_file())

    def _title(self, host: str, port: int, source: str | None) -> str:
        return f"{self.network.host(source or self.usual_source(port)).name} → {host}:{port}"
