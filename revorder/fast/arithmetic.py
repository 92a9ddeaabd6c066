"""+ - * / of vectors and numbers, choices lane by lane, and functions made of them: exp and tanh.

No library has exp for whole vectors on every machine, so it is written here, by Cody and Waite's reduction: with n
the whole number next to x / ln 2, exp(x) = 2ⁿ exp(r) where r = x - n ln 2, so |r| ≤ ln 2 / 2, where Taylor's
polynomial of degree 13 is exact to double precision. n ln 2 is taken off in two parts, the first of so few bits that
its multiples are exact. NaN stays NaN.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

from revorder.fast.compiler import inlined
from revorder.fast.vectors import CONTRACT, Vector, spread

LN2_HIGH = 355 / 512  # 9 bits: times a whole number below 2^15 it is exact in float32, too
LN2_LOW = -2.121944400546905827679e-4  # ln 2 - 355/512
TAYLOR = tuple(1 / math.factorial(k) for k in range(13, 0, -1))


def as_vector(context: Any, builder: Any, value: Any, kind: Any, target: Any) -> Any:
    """A vector as it is; a number in every lane."""
    if isinstance(kind, Vector):
        return value
    return spread(builder, context.cast(builder, value, kind, target.dtype), context.get_value_type(target))


def _teach(symbol: Callable[..., Any], instruction: str) -> None:
    """An operator of two vectors, or of a vector and a number on either side."""

    class Operation(AbstractTemplate):
        def generic(self, arguments: Any, keywords: Any) -> Any:
            found = [kind for kind in arguments if isinstance(kind, Vector)]
            return signature(found[0], *arguments) if found and len(arguments) == 2 else None

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        both = zip(arguments, signature.args, strict=True)
        vectors = [as_vector(context, builder, value, kind, signature.return_type) for value, kind in both]
        return getattr(builder, instruction)(*vectors, flags=CONTRACT)

    infer_global(symbol)(Operation)
    for kinds in (Vector, Vector), (Vector, types.Float), (types.Float, Vector):
        lower_builtin(symbol, *kinds)(emit)


_teach(operator.add, "fadd")
_teach(operator.sub, "fsub")
_teach(operator.mul, "fmul")
_teach(operator.truediv, "fdiv")


@intrinsic
def full(typingctx: Any, array: Any, number: Any) -> Any:
    """The number in every lane of a vector for this array."""
    kind = Vector(array.dtype)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return as_vector(context, builder, arguments[1], number, kind)

    return kind(array, number), emit


@intrinsic
def where_less(typingctx: Any, a: Any, b: Any, one: Any, other: Any) -> Any:
    """One where a < b, else other, which is also where a or b is NaN; `a` is a vector, each other may be a number."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = zip(arguments, (a, b, one, other), strict=True)
        left, right, *choices = (as_vector(context, builder, value, kind, a) for value, kind in kinds)
        return builder.select(builder.fcmp_ordered("<", left, right), *choices)

    return a(a, b, one, other), emit


def _folded(builder: Any, vector: Any, two: Callable[[Any, Any], Any]) -> Any:
    """All lanes by halves: the upper half onto the lower, until one is left."""
    lanes = vector.type.count
    while lanes > 1:
        lanes //= 2
        halves = [ir.Constant(ir.VectorType(ir.IntType(32), lanes), [*range(at, at + lanes)]) for at in (0, lanes)]
        vector = two(*[builder.shuffle_vector(vector, vector, half) for half in halves])
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


@intrinsic
def sum_of(typingctx: Any, vector: Any) -> Any:
    """The sum of all lanes."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _folded(builder, arguments[0], builder.fadd)

    return vector.dtype(vector), emit


@intrinsic
def most_of(typingctx: Any, vector: Any) -> Any:
    """The largest of all lanes."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _folded(builder, arguments[0], lambda a, b: builder.select(builder.fcmp_ordered("<", a, b), b, a))

    return vector.dtype(vector), emit


@intrinsic
def power_of_two(typingctx: Any, vector: Any) -> Any:
    """2ⁿ for x = 1.5 * 2^m + bias + n, whose last bits are n + bias: they become the exponent.

    m is how many bits a significand has (23 or 52), bias what IEEE 754 adds to exponents (127 or 1023).
    """
    bits = vector.dtype.bitwidth
    moved = 23 if bits == 32 else 52

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = ir.VectorType(ir.IntType(bits), vector.lanes)
        shifted = builder.shl(builder.bitcast(arguments[0], whole), ir.Constant(whole, [moved] * vector.lanes))
        return builder.bitcast(shifted, arguments[0].type)

    return vector(vector), emit


@intrinsic
def limits(typingctx: Any, vector: Any) -> Any:
    """(1.5 * 2^m + bias, the least x whose exp is not 0 here) of a vector's type, as in `power_of_two`."""
    magic, least = (1.5 * 2**23 + 127, -88.0) if vector.dtype == types.float32 else (1.5 * 2**52 + 1023, -709.0)
    kind = types.UniTuple(types.float64, 2)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_tuple(builder, kind, [ir.Constant(ir.DoubleType(), v) for v in (magic, least)])

    return kind(vector), emit


@inlined
def reduced(x: Any) -> Any:
    """(exp(r) - 1, 2ⁿ) with exp(x) = 2ⁿ exp(r), for x ≤ 0; 2ⁿ is 0 where x is far below 0."""
    magic, least = limits(x)
    x = where_less(x, least, least, x)
    shifted = x * (1 / math.log(2)) + magic
    n = shifted - magic
    r = x - n * LN2_HIGH - n * LN2_LOW
    total = r * TAYLOR[0] + TAYLOR[1]
    for k in range(2, 13):
        total = total * r + TAYLOR[k]
    return total * r, power_of_two(shifted)


@inlined
def exp(x: Any) -> Any:
    """Of x ≤ 0; exactly 0 below -88 (float32) or -709."""
    less_one, scale = reduced(x)
    return scale * less_one + scale


@inlined
def tanh(x: Any) -> Any:
    """-m / (2 + m) with m = exp(-2|x|) - 1, which is exact near 0 as 1 - exp(-2|x|) of rounded numbers is not."""
    less_one, scale = reduced(where_less(x, 0.0, x, x * -1.0) * 2.0)
    m = scale * less_one + (scale - 1.0)
    size = m * -1.0 / (m + 2.0)
    return where_less(x, 0.0, size * -1.0, size)
