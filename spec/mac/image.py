"""What the image file of a MAC machine holds besides the header that all machines share: B and C of D = A*B + C."""

HEADER_KEYS = ("format_ab", "inputs", "outputs", "rows_c")
"""Keys of the header besides those of every machine: the format of A and B, one of the build's; K and N, the rows and columns
of B; the rows of C, 0 where there is none."""

MOST_VALUES = 1 << 28
"""Values that B or C may have at most."""

MEMBERS = {
    "b": ("uint32", "(K, N): patterns of B"),
    "c": ("uint32", "(1, N), added to every row of A*B, or (M, N), in which case A must have M rows; absent for zeros"),
}
"""Members with dtype and meaning. Patterns are raw bits, those of C in the accumulator's format; A is the input."""
