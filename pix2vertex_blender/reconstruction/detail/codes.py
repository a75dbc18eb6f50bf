"""Who a registered head is and what it shows, as the two codes that steer the detail network (coarse-to-fine 3.2)."""

import numpy as np
from numpy.typing import NDArray

from ...expression.neutral import expression_coefficients, worn_expression
from ..likeness.model import load_likeness, own_coefficients

#: How many ways in which people differ are told, of those that the likeliest head knows, and how many expressions.
IDENTITY, EXPRESSION = 32, 52
#: Coefficients of an identity are millimetres summed over the face's vertices; divided by this they are about one.
MILLIMETRES = 60.0


def head_codes(registered: NDArray[np.floating]) -> NDArray[np.float32]:
    """Identity and expression (IDENTITY + EXPRESSION,) of a head (n, 3) at level 0, projected on the linear bases."""
    head = np.asarray(registered, dtype=np.float64)
    expression = expression_coefficients(head)
    own, _to_rest = own_coefficients(head - worn_expression(head, expression), load_likeness())
    return np.concatenate([own[:IDENTITY] / MILLIMETRES, expression]).astype(np.float32)
