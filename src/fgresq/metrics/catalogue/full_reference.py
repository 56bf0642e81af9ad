"""Metrics that compare with a reference, and that others run."""

from fgresq.metrics.catalogue.pyiqa import COLLECTION, of_pyiqa

SPECS = (
    of_pyiqa(
        "lpips",
        "LPIPS",
        full_reference=True,
        higher_is_better=False,
        span=(0.0, None),
        authors_licence="BSD-2-Clause",
        weights=f"{COLLECTION}; with the authors' code: BSD-2-Clause; AlexNet's, from torchvision: not stated",
        home_page="https://github.com/richzhang/PerceptualSimilarity",
        notes=("Version 0.1 with AlexNet.",),
        citation="R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang, 'The unreasonable effectiveness of deep "
        "features as a perceptual metric', CVPR 2018",
    ),
    of_pyiqa(
        "dists",
        "DISTS",
        full_reference=True,
        higher_is_better=False,
        span=(0.0, 1.0),
        authors_licence="MIT, says its package",
        weights=f"{COLLECTION}; in the authors' package: MIT; VGG's, from torchvision: not stated",
        home_page="https://github.com/dingkeyan93/DISTS",
        citation="K. Ding, K. Ma, S. Wang, E. P. Simoncelli, 'Image quality assessment: unifying structure and texture "
        "similarity', IEEE Transactions on Pattern Analysis and Machine Intelligence 2020",
    ),
    of_pyiqa(
        "afine",
        "A-FINE",
        full_reference=True,
        higher_is_better=False,
        span=(0.0, 100.0),
        model="afine_all_scale",
        authors_licence="Apache-2.0",
        weights=f"{COLLECTION}; the authors', on another site: not stated; CLIP: MIT",
        home_page="https://github.com/ChrisDud0257/AFINE",
        notes=("The authors' scaled score; which one the paper's table holds isn't stated. The ranks are the same.",),
        citation="D. Chen, T. Wu, K. Ma, L. Zhang, 'Toward generalized image quality assessment: relaxing the perfect "
        "reference quality assumption', CVPR 2025",
    ),
    of_pyiqa(
        "fsim",
        "FSIMc",
        full_reference=True,
        higher_is_better=True,
        span=(0.0, 1.0),
        notes=("The version that looks at colour.",),
        citation="L. Zhang, L. Zhang, X. Mou, D. Zhang, 'FSIM: a feature similarity index for image quality "
        "assessment', IEEE Transactions on Image Processing 2011",
    ),
)
