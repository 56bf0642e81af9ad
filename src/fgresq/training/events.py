"""A training's numbers for TensorBoard, which is an extra."""

import importlib.util
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fgresq.errors import OutputError, UserError

_NOT_CURVES = ("step", "epoch")


def require_tensorboard() -> None:
    """Find out before the first step whether TensorBoard is here.

    Raises:
        UserError: it isn't.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise UserError(
            "the setting tensorboard needs TensorBoard: pip install 'fgresq[tensorboard]'; or leave the setting out"
        )


class EventFile:
    """A new event file; each record is on disk when `write` returns, so a killed process loses none.

    Args:
        folder: that `tensorboard --logdir` is told.
        first_step: of what will be written; what older files of the folder say from there on isn't shown any more.

    Raises:
        OutputError: it can't be written.
    """

    def __init__(self, folder: Path, first_step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # noqa: PLC0415 - an extra

        self._path = folder / f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}"
        self._append(Event(wall_time=time.time(), file_version="brain.Event:2"))
        start = SessionLog(status=SessionLog.START)
        self._append(Event(wall_time=time.time(), step=first_step, session_log=start))

    def write(self, event: str, values: Mapping[str, Any]) -> None:
        """Write the numbers of one line of the log, each as the curve "event/name".

        Raises:
            OutputError: it can't be written (a full disk, say).
        """
        from tensorboard.compat.proto.event_pb2 import Event  # noqa: PLC0415 - an extra
        from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415

        points = [
            Summary.Value(tag=f"{event}/{name}", simple_value=value)
            for name, value in values.items()
            if name not in _NOT_CURVES and isinstance(value, int | float)
        ]
        if points:
            self._append(Event(wall_time=time.time(), step=values["step"], summary=Summary(value=points)))

    def _append(self, event: Any) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter  # noqa: PLC0415 - an extra

        try:
            with self._path.open("ab") as file:
                RecordWriter(file).write(event.SerializeToString())
        except OSError as error:
            raise OutputError(f"{self._path}: the events can't be written ({error.strerror})") from error
