"""What `forked` runs in its process: become the command that is `asked` for, its folder, environment and streams."""

import io
import os
import runpy
import sys

module, command, folder, environment, streams = asked  # noqa: F821 - a global, as `runpy.run_path` gives it
os.chdir(folder)
os.environ.clear()
os.environ.update(environment)
for number, path in enumerate((os.devnull, *streams)):
    opened = os.open(path, os.O_RDWR | os.O_CREAT)
    os.dup2(opened, number)
    os.close(opened)
sys.stdin, sys.stdout = io.TextIOWrapper(io.FileIO(0)), io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w")))
sys.stderr = io.TextIOWrapper(io.BufferedWriter(io.FileIO(2, "w")), errors="backslashreplace", line_buffering=True)
sys.argv = command
sys.path.insert(0, "")
if module == "fgresq.cli.app":
    from fgresq.cli.app import main

    sys.exit(main())
runpy.run_module(module, run_name="__main__")
