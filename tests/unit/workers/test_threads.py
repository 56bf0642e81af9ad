import operator

import pytest
import torch

from fgresq.workers.pool import processes


@pytest.mark.slow
def test_a_process_takes_one_thread_for_torch_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with processes(2) as spread:
        assert list(spread(operator.call, [torch.get_num_threads])) == [1]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # what the user asked for
    with processes(2) as spread:
        assert list(spread(operator.call, [torch.get_num_threads])) == [2]
