"""What an error in a user's code is turned into: the same error, with what was being computed and what may help."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from revorder.engines.memory import REMEDY, ran_out
from revorder.errors import CallbackError
from revorder.pytrees import Tree, describe

# what an error says -> what usually helps; the first that fits
REMEDIES = (
    (r"INTERNAL ASSERT|escaped",
     "a tensor of one call may have been kept for the next one: keep all memory in the state, or use engine='replay'"),
    (r"out of bounds|out of range|multi-target|Class values",
     "a label may lie outside of the classes, or have a wrong shape"),
    (r"setup_context|functorch|torch\.func|vmap|data.?p(oin)?te?r|have storage|not require grad|\.numpy\(\)",
     "torch.func cannot follow this: write the loss with torch operations, or use ro.torch_update, which takes any "
     "module"),
    (r"dict|tuple|list|str|unpack|attribute|must be Tensor|not callable|positional argument|indices",
     "batches or outputs may have another form than the loss takes: say how, as in "
     "module_loss(model, forward=lambda model, batch: ...)"),
    (r"shape|size|dtype|mat1|dimension|Float|Double|Long|expected", "check that their shapes and dtypes fit the loss"),
)  # fmt: skip
ABOUT_LOSSES = ("update", "batches")  # the arguments that these remedies are for
NAMED = re.compile(r"(?!vmap: )[a-z_]+(\[[^\]]*\])*(, [a-z_]+)*: ")  # torch says vmap: in front of what it refuses


def named(error: Exception, argument: str, doing: str, details: Iterable[str] = ()) -> Exception:
    """An error of a kind that callers expect, whose text begins with the argument to blame.

    Args:
        error: what was raised; a text that names an argument already stays in front. One that says that memory is
            full becomes a MemoryError.
        argument: the argument to blame.
        doing: what was being computed, such as "on batch 3".
        details: further lines.
    """
    full = ran_out(error)
    kind = MemoryError if full else TypeError if isinstance(error, TypeError) else ValueError
    text = str(error) or type(error).__name__
    name = (
        ""
        if full or isinstance(error, RuntimeError | TypeError | ValueError | IndexError)
        else f"{type(error).__name__}: "
    )
    head = text if NAMED.match(text) else f"{argument}: it failed {doing}: {name}{text}"
    lines = [head, *([] if head is not text else [f"it failed {doing}"]), *details]
    if full:
        lines += [REMEDY] * (REMEDY not in text)
    elif head is not text and argument in ABOUT_LOSSES:
        lines += [remedy for pattern, remedy in REMEDIES if re.search(pattern, text)][:1]
    return kind("\n  ".join(lines))


def plainly(error: BaseException) -> BaseException:
    """The MemoryError that an error stands for which says in its own way that memory is full; else the error itself."""
    mine = isinstance(error, CallbackError) or not isinstance(error, Exception)  # says more than its cause
    if mine or not ran_out(error) or (isinstance(error, MemoryError) and NAMED.match(str(error))):
        return error
    said = f"{type(error).__name__}: {error}".removesuffix(": ")
    return MemoryError(f"checkpoints, engine: this run needs more memory than there is ({said})\n  {REMEDY}")


def seen(state: Tree, batch: Tree) -> str:
    """The line that shows what the update was given."""
    return f"start, batches: the state was {describe(state)}; the batch was {describe(batch)}"


def data_hint(batches: Any) -> list[str]:
    """A line for who gave the data in place of batches."""
    if isinstance(batches, tuple) and len(batches) < 4 and all(hasattr(part, "shape") for part in batches):
        return ["batches: a tuple of whole tensors is so many batches; ro.batches.Minibatches cuts data into batches"]
    return []
