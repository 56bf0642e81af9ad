"""Arrays from MATLAB's and NumPy's files, in which the authors' models come."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fgresq.errors import UserError


def read_arrays(path: Path, what: str) -> Mapping[str, Any]:
    """What a .mat or .npz file holds, by name.

    Args:
        path: of the file; anything but .npz is read as MATLAB's.
        what: that it should be, for the message of an error.

    Raises:
        UserError: the file can't be read, or is of neither form.
    """
    from scipy.io import loadmat  # noqa: PLC0415 - slow to import, and only .mat files need it
    from scipy.io.matlab import MatReadError  # noqa: PLC0415

    try:
        content = io.BytesIO(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror or error})") from error
    # What the two readers raise on bytes that aren't theirs; the content is in memory, so OSError is about it too.
    damage = (ValueError, TypeError, KeyError, NotImplementedError, EOFError, OSError, zlib.error, MatReadError)
    try:
        if path.suffix.lower() != ".npz":
            return dict(loadmat(content))
        with np.load(content, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (*damage, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: isn't {what} in MATLAB's or NumPy's form ({error})") from error
