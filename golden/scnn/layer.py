"""What a convolution layer computes, independently of any machine: a dense convolution on whole numbers."""

from dataclasses import dataclass

import numpy as np

EXACT = 1 << 53             # float64 holds every whole number below it


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Pooling of the sums of a layer, before its bias: ``max`` or ``sum`` over windows.

    Parameters
    ----------
    kind : str
        ``"max"`` or ``"sum"``; an average is a sum whose division is in the scale.
    size, stride : tuple of int
        Rows and columns of a window, and between windows.
    pad : tuple of int
        Rows above and columns left of the plane that count as absent; as many below and right of it where ``behind`` is None.
    behind : tuple of int, optional
        Rows below and columns right of it.
    """

    kind: str
    size: tuple[int, int]
    stride: tuple[int, int]
    pad: tuple[int, int] = (0, 0)
    behind: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("max", "sum"):
            raise ValueError(f"kind of a pool must be one of max, sum, not {self.kind!r}")
        for name in ("size", "stride"):
            if min(getattr(self, name)) < 1:
                raise ValueError(f"{name} of a pool must be at least 1, not {getattr(self, name)}")
        for name, pads in (("pad", self.pad), ("behind", self.ends)):
            if not all(0 <= pad < size for pad, size in zip(pads, self.size, strict=True)):
                raise ValueError(f"{name} of a pool must be less than its size {self.size}, not {pads}")

    @property
    def ends(self) -> tuple[int, int]:
        """Rows below and columns right of the plane that count as absent."""
        return self.pad if self.behind is None else self.behind

    def outputs(self, plane: tuple[int, int]) -> tuple[int, int]:
        """Return rows and columns of what a plane is pooled to."""
        rows, cols = ((extent + before + behind - size) // stride + 1 for extent, before, behind, size, stride in
                      zip(plane, self.pad, self.ends, self.size, self.stride, strict=True))
        return rows, cols


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One layer of a network in logical order.

    Parameters
    ----------
    name : str
        Name of the layer and of the tensor that it makes.
    inputs : tuple of str
        Tensors that it reads, one after another along the channels; ``"input"`` is the network's input, ``"a:8:16"`` channels
        8 to 15 of tensor a.
    weight : numpy.ndarray
        int16 (outputs, inputs / groups, R, S).
    bias : numpy.ndarray, optional
        int32 (outputs,), in steps of the sums.
    stride : tuple of int
        Rows and columns.
    pad : tuple of int
        Zeros at top, bottom, left, right.
    groups : int
        Groups of channels; as many as inputs and outputs for a depthwise layer.
    shift, product_shift : int
        Right shift of a sum and of each product, rounded half to even.
    relu : bool
    pool : Pool, optional
    residual : tuple of str and int, optional
        Tensor that is added, and its left shift.
    """

    name: str
    inputs: tuple[str, ...]
    weight: np.ndarray
    bias: np.ndarray | None = None
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int, int, int] = (0, 0, 0, 0)
    groups: int = 1
    shift: int = 0
    product_shift: int = 0
    relu: bool = True
    pool: Pool | None = None
    residual: tuple[str, int] | None = None

    def plane(self, rows: int, cols: int) -> tuple[int, int]:
        """Return rows and columns of the sums that an input plane gives, before pooling."""
        top, bottom, left, right = self.pad
        return ((rows + top + bottom - self.weight.shape[2]) // self.stride[0] + 1,
                (cols + left + right - self.weight.shape[3]) // self.stride[1] + 1)

    def outputs(self, rows: int, cols: int) -> tuple[int, int]:
        """Return rows and columns of the tensor that an input plane gives."""
        plane = self.plane(rows, cols)
        return self.pool.outputs(plane) if self.pool else plane


def source(text: str) -> tuple[str, slice]:
    """Return the tensor and the channels that an input of a layer names."""
    name, *ends = text.split(":")
    if len(ends) not in (0, 2) or not all(end.isdigit() for end in ends):
        raise ValueError(f"input must be a tensor or TENSOR:FIRST:END, not {text!r}")
    return name, slice(int(ends[0]), int(ends[1])) if ends else slice(None)


def rounded(values: np.ndarray, shift: int) -> np.ndarray:
    """Return whole numbers divided by ``2**shift``, rounded half to even."""
    if not shift:
        return values
    whole, half = values >> shift, 1 << shift - 1
    rest = values - (whole << shift)
    return whole + ((rest > half) | ((rest == half) & (whole & 1 == 1)))


def sums(layer: Layer, x: np.ndarray) -> np.ndarray:
    """Return the int64 sums (outputs, rows, cols) of a dense convolution of ``x`` (inputs, rows, cols)."""
    weight = layer.weight.astype(np.int64)
    outputs, depth, high, wide = weight.shape
    if x.shape[0] != depth * layer.groups:
        raise ValueError(f"{layer.name}: inputs must be {depth * layer.groups}, not {x.shape[0]}")
    top, bottom, left, right = layer.pad
    padded = np.pad(x.astype(np.int64), ((0, 0), (top, bottom), (left, right)))
    rows, cols = layer.plane(*x.shape[1:])
    total = np.zeros((outputs, rows, cols), np.int64)
    per = outputs // layer.groups
    for group in range(layer.groups):
        part, out = slice(group * depth, (group + 1) * depth), slice(group * per, (group + 1) * per)
        for r in range(high):
            for s in range(wide):
                seen = padded[part, r:r + (rows - 1) * layer.stride[0] + 1:layer.stride[0],
                              s:s + (cols - 1) * layer.stride[1] + 1:layer.stride[1]]
                total[out] += _products(weight[out, :, r, s], seen, layer.product_shift)
    return total


def _products(weight: np.ndarray, seen: np.ndarray, shift: int) -> np.ndarray:
    """Return the sum over inputs of the products, each rounded by ``shift``."""
    if shift:
        return sum((rounded(weight[:, c, None, None] * seen[c], shift) for c in range(seen.shape[0])),
                   np.zeros((weight.shape[0], *seen.shape[1:]), np.int64))
    flat = seen.reshape(seen.shape[0], -1)
    if seen.shape[0] << 30 >= EXACT:
        raise ValueError(f"inputs of a layer must be less than {EXACT >> 30}, not {seen.shape[0]}")
    return (weight.astype(float) @ flat.astype(float)).astype(np.int64).reshape(-1, *seen.shape[1:])


def pooled(pool: Pool, total: np.ndarray) -> np.ndarray:
    """Return the maxima or sums of the windows of each plane."""
    fill = np.iinfo(np.int64).min if pool.kind == "max" else 0
    padded = np.pad(total, ((0, 0), *zip(pool.pad, pool.ends, strict=True)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(padded, pool.size, axis=(1, 2))
    windows = windows[:, ::pool.stride[0], ::pool.stride[1]]
    return windows.max(axis=(3, 4)) if pool.kind == "max" else windows.sum(axis=(3, 4))


def apply(layer: Layer, x: np.ndarray, residual: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the int16 outputs of a layer and its int64 sums with bias and residual, after pooling and before the shift.

    A residual is added to the sums, so that a layer has pooling or a residual, not both.
    """
    total = sums(layer, x)
    if layer.residual is not None:
        if layer.pool is not None:
            raise ValueError(f"{layer.name}: pool must be none in a layer with a residual; give it a layer of its own")
        if residual is None:
            raise ValueError(f"{layer.name}: a residual must be given")
        total = total + rounded(residual.astype(np.int64) << layer.residual[1], layer.product_shift)
    if layer.pool is not None:
        total = pooled(layer.pool, total)
    if layer.bias is not None:
        total = total + layer.bias.astype(np.int64)[:, None, None]
    values = np.clip(rounded(total, layer.shift), -32768, 32767)
    return np.where(layer.relu & (values < 0), 0, values).astype(np.int16), total


def forward(layers, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return every tensor of a network for one input (channels, rows, cols), by name."""
    tensors = {"input": np.asarray(x, np.int16)}
    for layer in layers:
        given = np.concatenate([tensors[name][channels] for name, channels in map(source, layer.inputs)])
        tensors[layer.name] = apply(layer, given, tensors[layer.residual[0]] if layer.residual else None)[0]
    return tensors
