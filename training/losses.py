"""What the networks are trained to minimise."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from pix2vertex_blender.reconstruction.network.network import MapNetwork, normalise
from pix2vertex_blender.template import load_template

#: Depth changes by more than this many pixels from one pixel to the next only where one part of the face hides another.
DEPTH_EDGE_SLOPE = 6.0
#: A pixel shows a landmark if its canonical coordinates differ by no more than this (6 mm).
SAME_PLACE = 0.05
#: Of the Gaussians that heatmaps are to be, in their pixels.
HEATMAP_DEVIATION = 0.8
#: How exactly a correspondence map is taken to show a landmark: a standard deviation in canonical units (6 mm).
SHOWN_DEVIATION = 0.05


class Batch(NamedTuple):
    """Training samples of one resolution S.

    Attributes
    ----------
    images : (B, 3, S, S) uint8
        RGB.
    masks : (B, S, S) uint8
        0 off the face, 1 on it, 2 between parted lips, where no point of the template is seen.
    correspondence, geometry : (B, 3, S, S) float32
        The maps; arbitrary off the face.
    poses : (B, 3) float32
        Sines of yaw, pitch and roll.
    landmarks : (B, 68, 2) float32
        Pixels, also of hidden points.
    """

    images: Tensor
    masks: Tensor
    correspondence: Tensor
    geometry: Tensor
    poses: Tensor
    landmarks: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The batch on `device`."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms; the defaults are those of pix2vertex, supplement A, which has no more than four of them."""

    correspondence: float = 100
    geometry: float = 100
    normals: float = 10
    mask: float = 5
    opening: float = 0
    shape: float = 0
    pose: float = 0
    landmarks: float = 0


#: The paper's weights, all divided by ten, a loss on the pose that keeps the global context informative, and one on the
#: landmarks, which the eye judges a face by and an average over all pixels hardly sees. The opening weighs much because
#: the mouth's inside is a hundredth of the face, and so is its part in a mean over the face. The mask counts four times
#: as much as the paper's share: hands and things in front are learnt slowly. The shape weighs twice as much as the
#: geometry, whose errors are mostly those of pose and place.
SHIPPED_WEIGHTS = LossWeights(
    correspondence=10, geometry=10, normals=1, mask=2, opening=20, shape=20, pose=6, landmarks=0.1
)


def masked_l1(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean over the pixels of `mask` (B, S, S) of the L1 distance of two maps (B, 3, S, S).

    pix2vertex, 3.3: the L1 term. The paper takes it over the whole image; here the maps are left free off the face,
    where there is nothing to say.
    """
    return ((predicted - target).abs().sum(1) * mask).sum() / (mask.sum() + 1)


def shape_loss(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """L1 distance of two geometry maps (B, 3, S, S) over `mask` (B, S, S) after the best similarity between them.

    What is left of an error without pose, place and size is that of the shape, in which one face differs from another.
    """
    weights = (mask / mask.sum((1, 2), keepdim=True).clamp_min(1))[:, None]
    centre, true_centre = ((points * weights).sum((2, 3), keepdim=True) for points in (predicted, target))
    points, true_points = predicted - centre, target - true_centre
    with torch.no_grad():
        turn = _best_turn(points, true_points, weights)
    return masked_l1(torch.einsum("bij,bjhw->bihw", turn, points), true_points, mask)


def _best_turn(points: Tensor, true_points: Tensor, weights: Tensor) -> Tensor:
    """Scaled rotations (B, 3, 3) of centred points (B, 3, S, S) to others (Umeyama 1991, eqs. 40 to 42)."""
    products = torch.einsum("bihw,bjhw->bij", true_points * weights, points)
    # A value that is not finite shows in the loss, where it stops the training.
    left, values, right = torch.linalg.svd(products.nan_to_num())
    signs = torch.ones_like(values)
    signs[:, 2] = torch.sign(torch.linalg.det(left @ right))
    scale = (values * signs).sum(1) / (points**2 * weights).sum((1, 2, 3)).clamp_min(1e-9)
    return scale[:, None, None] * (left * signs[:, None]) @ right


def depth_slopes(depth: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences to the right and downwards (B, S - 2, S - 2) of `depth` (B, S, S) in half crops.

    A half crop is S / 2 pixels, so the slopes have no unit.
    """
    half = depth.shape[-1] / 2
    right = (depth[:, 1:-1, 2:] - depth[:, 1:-1, :-2]) * (half / 2)
    down = (depth[:, 2:, 1:-1] - depth[:, :-2, 1:-1]) * (half / 2)
    return right, down


def depth_normals(depth: Tensor) -> Tensor:
    """Unit normals (B, 3, S - 2, S - 2), x right, y up, z towards the camera, of the surface `depth` (B, S, S)."""
    right, down = depth_slopes(depth)
    normals = torch.stack([-right, down, torch.ones_like(right)], 1)
    return normals * torch.rsqrt(right**2 + down**2 + 1)[:, None]


def smooth_interior(depth: Tensor, mask: Tensor) -> Tensor:
    """Where (B, S - 2, S - 2) the differences of `depth` (B, S, S) stay on `mask` and cross no depth edge."""
    inside = -functional.max_pool2d(-mask[:, None], 3, 1, 1)[:, 0, 1:-1, 1:-1] > 0.5
    right, down = depth_slopes(depth)
    return inside & (right.abs() < DEPTH_EDGE_SLOPE) & (down.abs() < DEPTH_EDGE_SLOPE)


def normals_loss(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """L1 distance of the normals of two depth maps (B, S, S): pix2vertex, eq. 1.

    Only where the true depth is smooth, since the difference across a depth edge is no slope of the surface.
    """
    valid = smooth_interior(target, mask).float()
    difference = (depth_normals(predicted) - depth_normals(target)).abs().sum(1)
    return (difference * valid).sum() / (valid.sum() + 1)


def opening_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Mean cross-entropy of what is seen between the lips (logits and masks (B, S, S)), over the pixels of the face."""
    entropy = functional.binary_cross_entropy_with_logits(logits, (masks == 2).float(), reduction="none")
    face = (masks > 0).float()
    return (entropy * face).sum() / (face.sum() + 1)


def landmark_places() -> Tensor:
    """Canonical coordinates (68, 3) of the landmarks."""
    template = load_template()
    return torch.as_tensor(template.canonical[template.landmarks_68], dtype=torch.float32)


def visible_landmarks(batch: Batch, places: Tensor) -> Tensor:
    """Which landmarks (B, 68) lie inside the image on a pixel that shows the face at their `places` (68, 3)."""
    side = batch.masks.shape[-1]
    columns, rows = batch.landmarks.floor().long().unbind(2)
    inside = (columns >= 0) & (columns < side) & (rows >= 0) & (rows < side)
    samples = torch.arange(len(columns), device=columns.device)[:, None]
    columns, rows = columns.clamp(0, side - 1), rows.clamp(0, side - 1)
    shown = batch.correspondence[samples, :, rows, columns]
    near = torch.linalg.vector_norm(shown - places, dim=2) < SAME_PLACE
    return inside & near & (batch.masks[samples, rows, columns] > 0)


def landmark_heatmaps(maps: Tensor, places: Tensor) -> Tensor:
    """Logarithms of where each landmark is shown (B, 68, S / 2, S / 2), up to a constant, by maps (B, 8, S, S).

    A Gaussian of the distance between the landmark's place (`places`, (68, 3)) and what a pixel shows, times the mask.
    """
    halved = functional.avg_pool2d(maps, 2)
    shown = halved[:, 1:4].flatten(2)
    squared = (shown**2).sum(1, keepdim=True) - 2 * places @ shown + (places**2).sum(1)[:, None]
    distances = squared.unflatten(2, halved.shape[2:]) / (2 * SHOWN_DEVIATION**2)
    return functional.logsigmoid(halved[:, :1]) - distances


def landmarks_loss(heatmaps: Tensor, batch: Batch, visible: Tensor) -> Tensor:
    """How wrong heatmaps (B, 68, H, H), unnormalised logarithms, place the landmarks that are `visible` (B, 68).

    Cross-entropy with a narrow Gaussian at the true place, and L1 distance of the mean from it in pixels.
    """
    side = heatmaps.shape[-1]
    places = batch.landmarks * (side / batch.masks.shape[-1])
    centres = torch.arange(side, device=heatmaps.device) + 0.5
    offsets = (centres - places[..., None]) / HEATMAP_DEVIATION
    across, down = torch.softmax(-(offsets**2) / 2, 3).unbind(2)
    logarithms = functional.log_softmax(heatmaps.flatten(2), 2).view_as(heatmaps)
    entropy = -torch.einsum("bkij,bki,bkj->bk", logarithms, down, across)
    probabilities = logarithms.exp()
    means = torch.stack([probabilities.sum(2) @ centres, probabilities.sum(3) @ centres], 2)
    distance = (means - places).abs().sum(2)
    return ((entropy + distance) * visible).sum() / (visible.sum() + 1)


class TrainingLoss(nn.Module):
    """A network together with what it is trained for, so that both are compiled and distributed as one."""

    places: Tensor

    def __init__(self, network: MapNetwork, weights: LossWeights) -> None:
        super().__init__()
        self.network = network
        self.weights = weights
        self.register_buffer("places", landmark_places(), persistent=False)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """The weighted sum, `total`, and the unweighted terms by name."""
        images = normalise(batch.images).contiguous(memory_format=self.network.layout)
        maps, pose = self.network.forward_with_pose(images)
        # Products in half precision would misplace the landmarks.
        with torch.autocast(images.device.type, enabled=False):
            terms = self._terms(maps.float(), None if pose is None else pose.float(), batch)
            total = sum((getattr(self.weights, name) * term for name, term in terms.items()), start=maps.new_zeros(()))
        return {"total": total, **terms}

    def _terms(self, maps: Tensor, pose: Tensor | None, batch: Batch) -> dict[str, Tensor]:
        """The unweighted terms by name, in single precision."""
        face = (batch.masks > 0).float()
        supervised = (batch.masks == 1).float()
        return {
            "correspondence": masked_l1(maps[:, 1:4], batch.correspondence, supervised),
            "geometry": masked_l1(maps[:, 4:7], batch.geometry, face),
            "shape": self._shape(maps, batch.geometry, face),
            "normals": normals_loss(maps[:, 6], batch.geometry[:, 2], face),
            "mask": functional.binary_cross_entropy_with_logits(maps[:, 0], face),
            "opening": opening_loss(maps[:, 7], batch.masks),
            "pose": maps.new_zeros(()) if pose is None else (pose - batch.poses).abs().mean(0).sum(),
            "landmarks": self._landmarks(maps, batch),
        }

    def _shape(self, maps: Tensor, geometry: Tensor, face: Tensor) -> Tensor:
        """The loss on the shape; zero, since it takes time, where it has no weight."""
        return shape_loss(maps[:, 4:7], geometry, face) if self.weights.shape else maps.new_zeros(())

    def _landmarks(self, maps: Tensor, batch: Batch) -> Tensor:
        """The loss on the landmarks; zero, since it takes time, where it has no weight."""
        if not self.weights.landmarks:
            return maps.new_zeros(())
        visible = visible_landmarks(batch, self.places)
        return landmarks_loss(landmark_heatmaps(maps, self.places), batch, visible)
