"""What is trained: stage 1, stage 2, and baselines, each a network with its samples, loss and evaluation."""
