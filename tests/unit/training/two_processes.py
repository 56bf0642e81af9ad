"""Run by torchrun in `test_update`: the update of a batch spread unevenly over two processes."""

import sys

import torch
import torch.distributed as dist
from tests.unit.training.test_update import batch, gradients, loss, network
from torch.nn.parallel import DistributedDataParallel

from fgresq.training import distributed
from fgresq.training.stages.base import Batch
from fgresq.training.update import backward

with distributed.process_group("cpu"):
    whole = batch()
    mine = slice(0, 7) if dist.get_rank() == 0 else slice(7, None)
    share = Batch(
        tuple(tensor[mine] for tensor in whole.inputs),
        tuple(tensor[mine] for tensor in whole.labels),
        whole.names[mine],
    )
    found = {}
    for name, micro_batch in (("whole", None), ("in pieces", 4), ("in more pieces here than there", 6)):
        module = DistributedDataParallel(network())
        value, _ = backward(module, share, loss, micro_batch)
        found[name] = (value.item(), gradients(module))
    if distributed.is_main():
        torch.save(found, sys.argv[1])
