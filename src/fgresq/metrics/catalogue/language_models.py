"""Large language models that look at a picture and rate it. They need a GPU in practice."""

from fgresq.metrics.base import MetricCard
from fgresq.metrics.catalogue.pyiqa import of_pyiqa

_HUB = "Its engine fetches {} from the Hugging Face hub."

CARDS = (
    of_pyiqa(
        "qalign",
        "Q-Align",
        higher_is_better=True,
        span=(1.0, 5.0),
        authors_licence="MIT",
        weights="MIT, says its page; made from mPLUG-Owl2 and so from LLaMA 2",
        weights_from="pyiqa fetches q-future/one-align from the Hugging Face hub.",
        weights_in=("hub:q-future/one-align",),
        home_page="https://github.com/Q-Future/Q-Align",
        citation="H. Wu et al., 'Q-Align: teaching LMMs for visual scoring via discrete text-defined levels', "
        "ICML 2024",
    ),
    of_pyiqa(
        "compare2score",
        "Compare2Score",
        higher_is_better=True,
        span=(0.0, 100.0),
        authors_licence="not stated",
        weights="MIT, says its page; made from mPLUG-Owl2 and so from LLaMA 2",
        weights_from="pyiqa fetches q-future/Compare2Score from the Hugging Face hub, and how its words and pictures "
        "are prepared from VQA-CityU/Compare2Score_1 there.",
        weights_in=("hub:q-future/Compare2Score", "hub:VQA-CityU/Compare2Score_1"),
        home_page="https://github.com/Q-Future/Compare2Score",
        citation="H. Zhu et al., 'Adaptive image quality assessment via teaching large multimodal model to compare', "
        "NeurIPS 2024",
    ),
    MetricCard(
        name="deqa-score",
        title="DeQA-Score",
        full_reference=False,
        higher_is_better=True,
        lowest=1.0,
        highest=5.0,
        engine="deqa",
        engine_name="zhiyuanyou/DeQA-Score-Mix3",
        licence="MIT",
        licence_of_parameters="MIT, says its page; made from mPLUG-Owl2 and so from LLaMA 2",
        parameters_from=_HUB.format("zhiyuanyou/DeQA-Score-Mix3"),
        weights_in=("hub:zhiyuanyou/DeQA-Score-Mix3",),
        home_page="https://github.com/zhiyuanyou/DeQA-Score",
        notes=("Needs a transformers of its own, 4.36.",),
        citation="Z. You, X. Cai, J. Gu, T. Xue, C. Dong, 'Teaching large language models to regress accurate image "
        "quality scores using score distribution', CVPR 2025",
    ),
    MetricCard(
        name="co-instruct",
        title="Co-Instruct",
        full_reference=False,
        higher_is_better=True,
        lowest=0.0,
        highest=1.0,
        engine="deqa",
        engine_name="q-future/co-instruct",
        licence="not stated (the code that comes with the weights); the authors' repository: MIT",
        licence_of_parameters="not stated; made from mPLUG-Owl2 and so from LLaMA 2",
        parameters_from=_HUB.format("q-future/co-instruct"),
        weights_in=("hub:q-future/co-instruct",),
        home_page="https://github.com/Q-Future/Co-Instruct",
        notes=("The model answers in words; its score here is the share of 'good' against 'poor' in its next word.",),
        citation="H. Wu et al., 'Towards open-ended visual quality comparison', ECCV 2024",
    ),
    MetricCard(
        name="visualquality-r1",
        title="VisualQuality-R1",
        full_reference=False,
        higher_is_better=True,
        lowest=1.0,
        highest=5.0,
        engine="hf",
        engine_name="TianheWu/VisualQuality-R1-7B",
        licence="Apache-2.0 (fgresq and transformers); the authors' own code: not stated",
        licence_of_parameters="MIT, says its page; made from Qwen2.5-VL-7B, Apache-2.0",
        parameters_from=_HUB.format("TianheWu/VisualQuality-R1-7B"),
        weights_in=("hub:TianheWu/VisualQuality-R1-7B",),
        home_page="https://github.com/TianheWu/VisualQuality-R1",
        notes=(
            "The model thinks, then writes its rating; here without chance, where its authors draw words at random.",
        ),
        citation="T. Wu, J. Zou, J. Liang, L. Zhang, K. Ma, 'VisualQuality-R1: reasoning-induced image quality "
        "assessment via reinforcement learning to rank', arXiv:2505.14460, 2025",
    ),
)
