"""The logarithmic lane's words, tables and order, as numbers and rules.

Word (16 bits): bit 15 the sign, bits 14..0 a two's complement integer L; value (-1)^sign * 2^(L / 2^f), f
fraction bits. L = -2^14 is zero whatever the sign; the zero written is 0x4000. There is no infinity and no
NaN: too large saturates at L = 2^14 - 1, too small (L <= -2^14) becomes zero.

Multiply: signs exclusive-or, L = La + Lb, saturated as above; zero times anything is zero.

Add: zero plus y is y (a zero is always written 0x4000). Otherwise let L be the larger L of the two (the first
operand's on a tie) with its sign, d >= 0 the difference of the two L, an integer in units of 2^-f:

    equal signs      L + plus(d), saturated
    unlike signs     zero where d = 0, else L + minus(d) (minus is at most 0), zero where that is too small

Tables, with t = ``step`` address bits below the binary point and i = d >> (f - t):

    plus(d)  = round(2^f * log2(1 + 2^-x))    x = the middle of the cell, (i + 1/2) / 2^t; d / 2^f where t = f
    minus(d) = round(2^f * log2(1 - 2^-x))    x = the same where d >= 2^f; d / 2^f, each d by itself, below

so ``plus`` is addressed by i, ``minus`` by d below one octave and by i above. Round is to nearest; no entry
is a tie. A table ends before its first entry from which all are 0; beyond it the answer is 0.

Dot product: s = C; for each k in ascending order s = s + a[k] * b[k]; D = s. With Kahan compensation, e = 0
where C came with the operation and the tile's kept e where C is the tile's own accumulator, then for each k
in ascending order, each line one addition or one product in this arithmetic and ``-`` the addition of the
word with its sign inverted:

    y = a[k] * b[k] - e;   u = s + y;   v = u - s;   e = v - y;   s = u

Operations chain in ascending k. A padded term is a term: without Kahan it changes nothing, with Kahan it is
y = -e and may move s.
"""

LNS_BITS = 16
LNS_ZERO = 0x4000
"""The pattern written for zero."""

LNS_LIMIT = (1 << 14) - 1
"""Largest magnitude of L of a non-zero word."""
