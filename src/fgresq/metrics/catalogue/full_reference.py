"""Metrics that compare with a reference, and that others run."""

from fgresq.metrics.catalogue.pyiqa import COLLECTION, of_pyiqa

CARDS = (
    of_pyiqa(
        "lpips",
        "LPIPS",
        full_reference=True,
        higher_is_better=False,
        span=(0.0, None),
        authors_licence="BSD-2-Clause",
        weights=f"{COLLECTION}; with the authors' code: BSD-2-Clause; AlexNet's, from torchvision: not stated",
        weights_beside="AlexNet of torchvision from download.pytorch.org",
        least_side=31,
        weights_in=("torch:pyiqa/LPIPS_v0.1_alex-df73285e.pth", "torch:checkpoints/alexnet-owt-7be5be79.pth"),
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
        weights_beside="VGG16 of torchvision from download.pytorch.org",
        weights_in=("torch:pyiqa/DISTS_weights-f5e65c96.pth", "torch:checkpoints/vgg16-397923af.pth"),
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
        weights_beside="CLIP (ViT-B/32), which they replace, from OpenAI",
        weights_in=("torch:pyiqa/afine.pth", "home:.cache/clip/ViT-B-32.pt"),
        least_side=32,
        home_page="https://github.com/ChrisDud0257/AFINE",
        notes=(
            "The authors' scaled score; which one the paper's table holds isn't stated. The ranks are the same.",
            "pyiqa's takes pictures only whose sides are both multiples of 32.",
        ),
        citation="D. Chen, T. Wu, K. Ma, L. Zhang, 'Toward generalized image quality assessment: relaxing the perfect "
        "reference quality assumption', CVPR 2025",
    ),
    of_pyiqa(
        "fsim",
        "FSIMc",
        full_reference=True,
        higher_is_better=True,
        span=(0.0, 1.0),
        least_side=2,
        notes=("The version that looks at colour.",),
        citation="L. Zhang, L. Zhang, X. Mou, D. Zhang, 'FSIM: a feature similarity index for image quality "
        "assessment', IEEE Transactions on Image Processing 2011",
    ),
)
