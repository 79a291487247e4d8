"""Runs the recorder: `python -m recorder SERVER_URL PORT ACCOUNT`."""

import sys

from . import proxy

proxy.serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
