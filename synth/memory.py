"""What a memory takes of an FPGA: 18 Kbit blocks, or look-up tables used as memory."""

SHAPES = {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}
"""Width and depth of an 18 Kbit block memory; 36 bits with one write and one read port only."""


def blocks(width: int, depth: int, *, dual: bool = False, lane: int = 0) -> int:
    """Return the 18 Kbit blocks of a memory: as many of the widest shape that is deep enough.

    With ``dual`` a block reads two addresses a cycle and is 18 bits wide at most. With ``lane`` the memory is
    written by lanes of that many bits, each in blocks of its own.
    """
    wide = next(shape for shape, most in SHAPES.items() if depth <= most and not (dual and shape > 18))
    if lane:
        return width // lane * -(-lane // wide)
    return -(-width // wide)


def regfile(width: int, depth: int) -> int:
    """Return the look-up tables of a LUT RAM: four for 16 words of 4 bits."""
    return 4 * -(-width // 4) * -(-depth // 16)
