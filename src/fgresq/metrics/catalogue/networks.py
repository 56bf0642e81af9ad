"""Networks that judge a picture alone, trained on people's scores."""

from fgresq.metrics.catalogue.pyiqa import COLLECTION, of_pyiqa

_MANIQA = (
    "S. Yang, T. Wu, S. Shi, S. Lao, Y. Gong, M. Cao, J. Wang, Y. Yang, 'MANIQA: multi-dimension attention network for "
    "no-reference image quality assessment', CVPR Workshops 2022"
)
_MANIQA_BACKBONE = "hub:timm/vit_base_patch8_224.augreg2_in21k_ft_in1k"

CARDS = (
    of_pyiqa(
        "dbcnn",
        "DB-CNN",
        higher_is_better=True,
        span=(None, None),
        authors_licence="MIT",
        weights=f"{COLLECTION}; anything else: not stated",
        weights_beside="VGG16 of torchvision from download.pytorch.org",
        weights_in=(
            "torch:pyiqa/DBCNN_KonIQ10k-2de81c0a.pth",
            "torch:pyiqa/DBCNN_scnn-7ea73d75.pth",
            "torch:checkpoints/vgg16-397923af.pth",
        ),
        least_side=16,
        home_page="https://github.com/zwx8981/DBCNN-PyTorch",
        notes=("Weights fitted on KonIQ-10k.",),
        citation="W. Zhang, K. Ma, J. Yan, D. Deng, Z. Wang, 'Blind image quality assessment using a deep bilinear "
        "convolutional neural network', IEEE Transactions on Circuits and Systems for Video Technology 2020",
    ),
    of_pyiqa(
        "hyperiqa",
        "HyperIQA",
        higher_is_better=True,
        span=(None, None),
        authors_licence="MIT",
        weights=f"{COLLECTION}; anything else: not stated",
        weights_beside="the ResNet-50 that they replace from timm/resnet50.a1_in1k there",
        weights_in=("torch:pyiqa/HyperIQA-resnet50-koniq10k-c96c41b1.pth", "hub:timm/resnet50.a1_in1k"),
        home_page="https://github.com/SSL92/hyperIQA",
        notes=("Weights fitted on KonIQ-10k.",),
        citation="S. Su, Q. Yan, Y. Zhu, C. Zhang, X. Ge, J. Sun, Y. Zhang, 'Blindly assess image quality in the wild "
        "guided by a self-adaptive hyper network', CVPR 2020",
    ),
    of_pyiqa(
        "maniqa",
        "MANIQA",
        higher_is_better=True,
        span=(None, None),
        authors_licence="Apache-2.0",
        weights=f"{COLLECTION}; anything else: not stated",
        weights_beside="the ViT-B/8 that they replace from timm/vit_base_patch8_224.augreg2_in21k_ft_in1k there",
        weights_in=("torch:pyiqa/ckpt_koniq10k.pt", _MANIQA_BACKBONE),
        home_page="https://github.com/IIGROUP/MANIQA",
        notes=("Weights fitted on KonIQ-10k; the mean of 20 crops of 224 pixels, and a smaller picture is enlarged.",),
        citation=_MANIQA,
    ),
    of_pyiqa(
        "maniqa-pipal",
        "MANIQA (PIPAL)",
        higher_is_better=True,
        span=(None, None),
        authors_licence="Apache-2.0",
        weights=f"{COLLECTION}; anything else: not stated",
        weights_beside="the ViT-B/8 that they replace from timm/vit_base_patch8_224.augreg2_in21k_ft_in1k there",
        weights_in=("torch:pyiqa/MANIQA_PIPAL-ae6d356b.pth", _MANIQA_BACKBONE),
        home_page="https://github.com/IIGROUP/MANIQA",
        notes=("Weights fitted on PIPAL, whose pictures PIPAL's tables then judge.",),
        citation=_MANIQA,
    ),
    of_pyiqa(
        "metaiqa",
        "MetaIQA",
        higher_is_better=True,
        span=(0.0, 1.0),
        authors_licence="not stated",
        weights=f"{COLLECTION}; anything else: not stated",
        weights_in=("torch:pyiqa/Metaiqa_livec.pth",),
        home_page="https://github.com/zhuhancheng/MetaIQA",
        notes=("Weights fitted on LIVE Challenge after the prior of TID2013 and KADID-10k.",),
        citation="H. Zhu, L. Li, J. Wu, W. Dong, G. Shi, 'MetaIQA: deep meta-learning for no-reference image quality "
        "assessment', CVPR 2020",
    ),
    of_pyiqa(
        "musiq",
        "MUSIQ",
        higher_is_better=True,
        span=(None, None),
        authors_licence="Apache-2.0",
        weights=f"{COLLECTION}; the authors', converted: not stated apart from their code",
        weights_in=("torch:pyiqa/musiq_koniq_ckpt-e95806b9.pth",),
        home_page="https://github.com/google-research/google-research/tree/master/musiq",
        notes=("Weights fitted on KonIQ-10k; scores are about 0 to 100.",),
        citation="J. Ke, Q. Wang, Y. Wang, P. Milanfar, F. Yang, 'MUSIQ: multi-scale image quality transformer', "
        "ICCV 2021",
    ),
)
