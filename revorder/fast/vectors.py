"""Vectors of numbers in numba: `load`, `store`, + - * /, and products with a few rows at once.

A compiler that is given plain loops has to guess that they may be done sixteen numbers at a time, and where the sums
may wait meanwhile. Here a variable is sixteen numbers (one register of AVX-512; eight where it is narrower or in
float64), so nothing is guessed, and LLVM keeps variables in registers. Arrays are flat and indices are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

BYTES = 64 if llvmlite.binding.get_host_cpu_features().get("avx512f") else 32
CONTRACT = ("contract",)  # a product and a sum may become one instruction, with one rounding


class Vector(types.Type):
    """As many numbers of one type as fit into `BYTES`."""

    def __init__(self, dtype: Any):
        self.dtype, self.lanes = dtype, BYTES * 8 // dtype.bitwidth
        super().__init__(f"Vector({dtype})")


@register_model(Vector)
class _Model(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any):
        super().__init__(dmm, fe_type, ir.VectorType(dmm.lookup(fe_type.dtype).get_value_type(), fe_type.lanes))


def spread(builder: Any, number: Any, kind: Any) -> Any:
    """The same number in every lane."""
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, first, zeros)


def _pointers(context: Any, builder: Any, kind: Any, place: Sequence[Any], count: int) -> list[Any]:
    """To array[index], array[index + stride], …; a place is (array, index, stride)."""
    array, index, stride = place
    found = [builder.gep(context.make_array(kind)(context, builder, array).data, [index])]
    for _ in range(count - 1):
        found.append(builder.gep(found[-1], [stride]))
    return found


def _read(builder: Any, pointer: Any, kind: Any, size: int) -> Any:
    found = builder.load(builder.bitcast(pointer, kind.as_pointer()))
    found.align = size  # faster at multiples of BYTES, correct elsewhere
    return found


def _write(builder: Any, pointer: Any, value: Any, size: int) -> None:
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer())).align = size


@intrinsic
def lanes(typingctx: Any, array: Any) -> Any:
    """How many numbers of this array make a vector."""
    count = Vector(array.dtype).lanes
    return types.int64(array), lambda context, builder, signature, arguments: ir.Constant(ir.IntType(64), count)


@intrinsic
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """The vector array[index], array[index + 1], …"""
    kind = Vector(array.dtype)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        [pointer] = _pointers(context, builder, array, [*arguments, None], 1)
        return _read(builder, pointer, context.get_value_type(kind), array.dtype.bitwidth // 8)

    return kind(array, index), emit


@intrinsic
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Array[index], array[index + 1], … become the vector."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        [pointer] = _pointers(context, builder, array, [*arguments[:2], None], 1)
        _write(builder, pointer, arguments[2], array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, index, value), emit


@intrinsic(prefer_literal=True)
def load_rows(typingctx: Any, array: Any, index: Any, stride: Any, count: Any) -> Any:
    """The vectors at index, index + stride, …, as a tuple; `count` must be a constant."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    kind = types.UniTuple(Vector(array.dtype), count.literal_value)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = context.get_value_type(kind.dtype)
        pointers = _pointers(context, builder, array, arguments[:3], kind.count)
        rows = [_read(builder, pointer, vector, array.dtype.bitwidth // 8) for pointer in pointers]
        return context.make_tuple(builder, kind, rows)

    return kind(array, index, stride, count), emit


@intrinsic
def store_rows(typingctx: Any, array: Any, index: Any, stride: Any, rows: Any) -> Any:
    """The vectors at index, index + stride, … become those of the tuple."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        for i, pointer in enumerate(_pointers(context, builder, array, arguments[:3], rows.count)):
            _write(builder, pointer, builder.extract_value(arguments[3], i), array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, index, stride, rows), emit


def _products(
    context: Any, builder: Any, kind: Any, array: Any, place: Sequence[Any], vectors: Sequence[Any]
) -> Iterator[Any]:
    """The number array[index + b * stride] times vector b, for every b."""
    for pointer, vector in zip(_pointers(context, builder, kind, [array, *place], len(vectors)), vectors, strict=True):
        yield builder.fmul(spread(builder, builder.load(pointer), vector.type), vector, flags=CONTRACT)


@intrinsic
def plus_outer(typingctx: Any, rows: Any, array: Any, index: Any, stride: Any, vector: Any) -> Any:
    """Rows[b] + array[index + b * stride] * vector, for every b."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held, numbers, *place, value = arguments
        products = _products(context, builder, array, numbers, place, [value] * rows.count)
        sums = [builder.fadd(builder.extract_value(held, b), p, flags=CONTRACT) for b, p in enumerate(products)]
        return context.make_tuple(builder, rows, sums)

    return rows(rows, array, index, stride, vector), emit


@intrinsic
def mixed(typingctx: Any, rows: Any, array: Any, index: Any, stride: Any) -> Any:
    """The sum over b of array[index + b * stride] * rows[b]."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held, numbers, *place = arguments
        vectors = [builder.extract_value(held, b) for b in range(rows.count)]
        total, *others = _products(context, builder, array, numbers, place, vectors)
        for product in others:
            total = builder.fadd(total, product, flags=CONTRACT)
        return total

    return rows.dtype(rows, array, index, stride), emit
