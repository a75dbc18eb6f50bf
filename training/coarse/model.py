"""The linear models of shape and albedo, learnt from drawn people (coarse-to-fine, eqs. 1 and 2)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..arrays import Floats
from ..identity.basis import head_basis
from .bank import Bank
from .face import load_face


@dataclass(frozen=True)
class Principal:
    """Principal components of values at vertices.

    Attributes
    ----------
    mean : (n, 3)
    directions : (k, n, 3)
        Orthonormal.
    deviations : (k,)
        Standard deviation along each.
    """

    mean: Floats
    directions: Floats
    deviations: Floats

    @classmethod
    def of(cls, values: Floats, count: int) -> "Principal":
        """Of values (p, n, 3): the components of most of their variance, fewer than `count` if there are no more."""
        mean = values.mean(axis=0)
        centred = (values - mean).astype(np.float32)
        directions = head_basis(centred, np.ones(values.shape[1], bool), count)
        along = np.einsum("pnc,knc->pk", centred, directions)
        return cls(mean, directions, along.std(axis=0))

    def coefficients(self, values: Floats) -> Floats:
        """Of values (p, n, 3), in standard deviations (p, k)."""
        along = np.einsum("pnc,knc->pk", values - self.mean, self.directions)
        told: Floats = along / self.deviations
        return told


class Coefficients(NamedTuple):
    """What is regressed: the paper's 468 numbers, fewer of most and three times the light's.

    Attributes
    ----------
    identity, expression, albedo : (B, k)
        In standard deviations.
    pose : (B, 6)
        The first two columns of the rotation from the rest frame to the camera's axes, not yet orthonormal.
    camera : (B, 3)
        As in `truth.Placed`.
    light : (B, 9, 3)
        Of each colour: the drawn photos have coloured lights, where the paper has one for all three.
    """

    identity: Tensor
    expression: Tensor
    albedo: Tensor
    pose: Tensor
    camera: Tensor
    light: Tensor

    @property
    def rotation(self) -> Tensor:
        """Rotations (B, 3, 3)."""
        first = functional.normalize(self.pose[:, :3], dim=1)
        second = self.pose[:, 3:]
        second = functional.normalize(second - (first * second).sum(1, keepdim=True) * first, dim=1)
        return torch.stack([first, second, torch.linalg.cross(first, second)], 2)


@dataclass(frozen=True)
class CoarseModel:
    """Principal components of identity, of expression (millimetres) and of albedo (display values in [0, 1]).

    The albedo is that of vertices, which at this scale says as much as a UV map; in display values, so that dark skin
    is told as finely as light skin.
    """

    identity: Principal
    expression: Principal
    albedo: Principal

    @classmethod
    def of(cls, bank: Bank, identity: int = 60, expression: int = 30, albedo: int = 40) -> "CoarseModel":
        """Of the people of a bank who are met, with so many components of each."""
        met = bank.learnt_people
        return cls(
            Principal.of(bank.identity[met].astype(np.float32), identity),
            Principal.of(bank.expression[met].astype(np.float32), expression),
            Principal.of(bank.albedo[met] / np.float32(255), albedo),
        )


class LinearFace(nn.Module):
    """Shapes and albedos of coefficients, in torch.

    Parameters
    ----------
    model : CoarseModel
    """

    mean: Tensor
    identity: Tensor
    expression: Tensor
    albedo_mean: Tensor
    albedo: Tensor

    def __init__(self, model: CoarseModel) -> None:
        super().__init__()
        whole = load_face().mean + model.identity.mean + model.expression.mean
        for name, values in (
            ("mean", whole),
            ("identity", model.identity.directions * model.identity.deviations[:, None, None]),
            ("expression", model.expression.directions * model.expression.deviations[:, None, None]),
            ("albedo_mean", model.albedo.mean),
            ("albedo", model.albedo.directions * model.albedo.deviations[:, None, None]),
        ):
            self.register_buffer(name, torch.from_numpy(np.asarray(values, np.float32)))

    def shape(self, told: Coefficients) -> Tensor:
        """Heads (B, n, 3) in the rest frame, in millimetres (eq. 1; its pose is the rotation that follows)."""
        moved = torch.tensordot(told.identity, self.identity, 1) + torch.tensordot(told.expression, self.expression, 1)
        return self.mean + moved

    def skin(self, told: Coefficients) -> Tensor:
        """Albedos (B, n, 3) in display values (eq. 2)."""
        return self.albedo_mean + torch.tensordot(told.albedo, self.albedo, 1)
