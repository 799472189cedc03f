"""A line that spoils bytes, for tests of the link."""

import random

from boards.link import Port


class Noisy:
    """A port whose bytes are flipped, dropped or doubled, each as likely, in both directions.

    Parameters
    ----------
    port : Port
        The line itself.
    rate : float
        Probability that a byte is spoilt.
    seed : int
    """

    def __init__(self, port: Port, rate: float, seed: int) -> None:
        self.port, self.rate, self.draw = port, rate, random.Random(seed)
        self.spoilt = 0

    @property
    def timeout(self) -> float | None:
        """Seconds that a read waits."""
        return self.port.timeout

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self.port.timeout = seconds

    @property
    def in_waiting(self) -> int:
        """Bytes that a read returns at once."""
        return self.port.in_waiting

    def read(self, size: int = 1) -> bytes:
        """Read, and spoil what came."""
        return self._spoil(self.port.read(size))

    def write(self, data: bytes) -> int:
        """Spoil, and write."""
        self.port.write(self._spoil(data))
        return len(data)

    def close(self) -> None:
        """Close the line."""
        self.port.close()                           # type: ignore[attr-defined]

    def _spoil(self, data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            if self.draw.random() >= self.rate:
                out.append(byte)
                continue
            self.spoilt += 1
            match self.draw.randrange(3):
                case 0:
                    out.append(byte ^ 1 << self.draw.randrange(8))
                case 1:
                    out += bytes([byte, byte])
        return bytes(out)
