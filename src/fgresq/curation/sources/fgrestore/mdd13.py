"""MDD13: motion deblurring. Its layout isn't known here, so it is read from a CSV."""

from fgresq.curation.sources.declaration import Expected, Labels, Purpose, Source
from fgresq.records import RestorationTask

MDD13 = Source(
    name="MDD13",
    title="Motion-deblurred images, scored by pairwise comparison",
    purpose=Purpose.FGRESTORE,
    citation="Liu, Wang, Cho, Finkelstein and Rusinkiewicz, A no-reference metric for evaluating the quality of motion "
    "deblurring, ACM Transactions on Graphics 32(6), 2013, 175",
    labels=Labels(kind="MOS from pairwise comparison"),
    expected=Expected(images=1_200, algorithms=5, tasks={RestorationTask.DEBLURRING: 1_200}),
    notes=(
        "Layout and direction of the labels aren't known here; in the CSV, mos must be such that higher is better.",
        "1,200 images and 5 algorithms are what the paper's Table 1 states; they weren't checked against a copy.",
    ),
)
