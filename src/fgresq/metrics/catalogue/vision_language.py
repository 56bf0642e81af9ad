"""Metrics that ask CLIP how well words about quality fit a picture."""

from fgresq.metrics.catalogue.pyiqa import COLLECTION, of_pyiqa

CARDS = (
    of_pyiqa(
        "clipiqa",
        "CLIP-IQA",
        higher_is_better=True,
        span=(0.0, 1.0),
        authors_licence="NTU S-Lab License 1.0, not for commercial use",
        weights="MIT (CLIP's code; of its weights apart: not stated)",
        weights_from="pyiqa fetches CLIP (RN50) from OpenAI.",
        weights_in=("torch:clip/RN50.pt",),
        least_side=31,
        home_page="https://github.com/IceClear/CLIP-IQA",
        notes=("Nothing is fitted to people's scores.",),
        citation="J. Wang, K. C. K. Chan, C. C. Loy, 'Exploring CLIP for assessing the look and feel of images', "
        "AAAI 2023",
    ),
    of_pyiqa(
        "liqe",
        "LIQE",
        higher_is_better=True,
        span=(1.0, 5.0),
        authors_licence="MIT",
        weights=f"{COLLECTION}; CLIP: MIT (its code; of its weights apart: not stated); anything else: not stated",
        weights_beside="CLIP (ViT-B/32), which they replace, from OpenAI",
        weights_in=("torch:pyiqa/liqe_koniq.pt", "torch:clip/ViT-B-32.pt"),
        least_side=224,
        home_page="https://github.com/zwx8981/LIQE",
        notes=("Weights fitted on KonIQ-10k.",),
        citation="W. Zhang, G. Zhai, Y. Wei, X. Yang, K. Ma, 'Blind image quality assessment via vision-language "
        "correspondence: a multitask learning perspective', CVPR 2023",
    ),
)
