"""Stage 1: images and the words for their tasks are drawn together (eq. 4)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

Scale = Float[Tensor, ""] | float


def contrastive(
    images: Float[Tensor, "n d"], texts: Float[Tensor, "n d"], logit_scale: Scale = 1.0
) -> Float[Tensor, ""]:
    """Bidirectional cross-entropy where image i belongs to text i and to no other.

    L = (CE(Z, y) + CE(Z^T, y)) / 2 with Z = logit_scale F_I F_T^T and y = [0, 1, ..., n - 1].

    The labels are true only if no two images of the batch share a task. A batch of one gives 0.

    Args:
        images: image features F_I, one image a task; of unit length if Z is to hold scaled cosines, as CLIP has it.
        texts: text features F_T, row i for image i; of unit length likewise.
        logit_scale: factor of every product, above 0 (CLIP's own is exp of a learned number, at most 100).

    Returns:
        The loss, at least 0, in float32 or wider.

    Raises:
        ValueError: an empty batch.

    Reference: FGResQ, eq. 4; Radford et al. 2021 for the form.
    """
    return contrastive_multi_positive(images, texts, torch.arange(len(images), device=images.device), logit_scale)


def contrastive_multi_positive(
    images: Float[Tensor, "n d"],
    task_features: Float[Tensor, "t d"],
    tasks: Int[Tensor, " n"],
    logit_scale: Scale = 1.0,
) -> Float[Tensor, ""]:
    """Bidirectional cross-entropy for batches in which several images share a task.

    With Z = logit_scale F_I F_T^T (n, t), k_i the task of image i, n_k the number of images of task k and K the tasks
    that have any:

    L = -1/2 [ 1/n sum_i log softmax_over_tasks(Z_i.)[k_i] + 1/|K| sum_{k in K} 1/n_k sum_{i: k_i = k}
    log softmax_over_images(Z_.k)[i] ].

    If every task has one image, this is `contrastive` with the texts in the images' order. A task without an image is
    a wrong answer for the images, and has no term of its own. The mean of the logarithms (not the logarithm of the
    mean) asks every image of a task to be near its text, so the second half is at least the mean of log n_k.

    Args:
        images: image features F_I; of unit length if Z is to hold scaled cosines.
        task_features: text features F_T, one row a task; of unit length likewise.
        tasks: row of `task_features` that each image belongs to, 0 to t - 1.
        logit_scale: factor of every product, above 0.

    Returns:
        The loss, at least 0, in float32 or wider.

    Raises:
        ValueError: an empty batch.

    Reference: FGResQ, eq. 4; Khosla et al. 2020, "Supervised Contrastive Learning", eq. 2, for several positives.
    """
    if len(images) == 0:
        raise ValueError("a contrastive loss needs at least one image")
    wide = torch.promote_types(images.dtype, torch.float32)
    with torch.autocast(images.device.type, enabled=False):  # in bf16 a scaled cosine of 100 would be off by 0.4
        logits = logit_scale * (images.to(wide) @ task_features.to(wide).T)
    own = tasks[:, None]
    image_to_text = logits.log_softmax(dim=1).gather(1, own).mean()
    counts = torch.bincount(tasks, minlength=logits.shape[1])
    share = 1 / (counts[tasks] * (counts > 0).sum()).to(logits.dtype)
    text_to_image = (share * logits.log_softmax(dim=0).gather(1, own)[:, 0]).sum()
    return -(image_to_text + text_to_image) / 2
