"""The losses once more, one number at a time in plain Python, written from the paper's equations."""

import math


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def cross_entropy(row, label):
    top = max(row)
    return top + math.log(sum(math.exp(value - top) for value in row)) - row[label]


def contrastive(images, texts, scale):
    products = [[scale * sum(a * b for a, b in zip(i, t, strict=True)) for t in texts] for i in images]
    count = len(images)
    image_to_text = sum(cross_entropy(products[i], i) for i in range(count)) / count
    text_to_image = sum(cross_entropy([products[i][t] for i in range(count)], t) for t in range(count)) / count
    return (image_to_text + text_to_image) / 2


def contrastive_multi_positive(images, task_features, tasks, scale):
    products = [[scale * sum(a * b for a, b in zip(i, t, strict=True)) for t in task_features] for i in images]
    image_to_text = sum(cross_entropy(row, task) for row, task in zip(products, tasks, strict=True)) / len(images)
    per_task = []
    for task in sorted(set(tasks)):
        column = [row[task] for row in products]
        own = [i for i, other in enumerate(tasks) if other == task]
        per_task.append(sum(cross_entropy(column, i) for i in own) / len(own))
    return (image_to_text + sum(per_task) / len(per_task)) / 2


def fidelity(difference, g, epsilon=0.0):
    p, not_p = sigmoid(difference), sigmoid(-difference)
    return 1 - math.sqrt(p * g + epsilon) - math.sqrt(not_p * (1 - g) + epsilon)


def scene_fidelity(logits, mos, sources, probability="logit-difference", epsilon=0.0, source_weights=None):
    groups = {}
    for logit, opinion, source in zip(logits, mos, sources, strict=True):
        if not math.isnan(opinion):
            groups.setdefault(source, []).append((logit if probability != "paper" else sigmoid(logit), opinion))
    groups = {source: group for source, group in groups.items() if len(group) >= 2}
    inverse_sum = sum(1 / len(group) for group in groups.values())
    total = 0.0
    for source, group in groups.items():
        losses = []
        for j in range(len(group)):
            for i in range(j):
                (first, mos_first), (second, mos_second) = group[i], group[j]
                g = 0.5 if mos_first == mos_second else 1.0 if mos_first > mos_second else 0.0
                losses.append(fidelity(first - second, g, epsilon))
        weight = 1 / len(group) / inverse_sum if source_weights is None else source_weights[source]
        total += weight * sum(losses) / len(losses)
    return total


def binary_ranking(logits, preferences, smoothing=0.0):
    total = 0.0
    for logit, preference in zip(logits, preferences, strict=True):
        r = {0: 0.0, 1: 1.0, 2: 0.5}[preference]
        r = (1 - smoothing) * r + smoothing / 2
        total -= r * math.log(sigmoid(logit)) + (1 - r) * math.log(sigmoid(-logit))
    return total / len(logits)


def three_class_ranking(logits, preferences, smoothing=0.0):
    total = 0.0
    for row, preference in zip(logits, preferences, strict=True):
        for label in range(3):
            q = smoothing / 3 + (1 - smoothing if label == preference else 0.0)
            total += q * cross_entropy(row, label)
    return total / len(logits)
