"""Runs many commands one after the other in one process, and prints what each did; run by `run_in_one_process`."""

import io
import json
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from fgresq.cli.app import main

for arguments in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
    sys.argv = ["fgresq", *arguments]
    code: object
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            code = main() or 0
        except SystemExit as error:
            code = error.code
        except BaseException:  # noqa: BLE001 - what is none of ours is told as it is, with its traceback
            code = traceback.format_exc()
    sys.stdout.write(json.dumps([code, out.getvalue(), err.getvalue()]) + "\n")
