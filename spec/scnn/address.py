"""Where an accumulator lies: the local address L of a sum, and the bank and entry that hold it."""

from spec.scnn.shape import ScnnSpec


def fold(entry: int, banks: int) -> int:
    """Return the exclusive or of ``entry`` cut into pieces of ``log2(banks)`` bits."""
    bits, total = banks.bit_length() - 1, 0
    while entry:
        total ^= entry & banks - 1
        entry >>= bits
    return total


def locate(spec: ScnnSpec, address: int) -> tuple[int, int]:
    """Return bank and entry of local address L: entry = L / banks, bank = (L mod banks) xor fold(entry)."""
    entry, low = divmod(address, spec.banks)
    return low ^ fold(entry, spec.banks), entry


def address(spec: ScnnSpec, bank: int, entry: int) -> int:
    """Return the local address that lies in ``bank`` at ``entry``; the inverse of :func:`locate`."""
    return entry * spec.banks + (bank ^ fold(entry, spec.banks))


def parity(bank: int) -> int:
    """Return which of its two queues a multiplier puts a product for ``bank`` into."""
    return bank & 1


def priority(spec: ScnnSpec, bank: int) -> list[int]:
    """Return the multipliers in the order in which ``bank`` prefers them: it begins with ``bank / 2`` and wraps."""
    first = (bank >> 1) % spec.products
    return [(first + step) % spec.products for step in range(spec.products)]
