#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client of conmon's attach socket:   attach.py SOCKET [SECONDS]

Sends standard input, a line a packet, and prints what comes, each packet without its first byte (1: standard output, 2: standard
error), until the other side hangs up or SECONDS (default 20) are over."""
import os
import socket
import sys
import time

os.chdir(os.path.dirname(os.path.realpath(sys.argv[1])))  # the path may be too long for a socket's address
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(os.path.basename(sys.argv[1]))
end = time.monotonic() + float(sys.argv[2] if len(sys.argv) > 2 else 20)
for line in sys.stdin.buffer:
    s.send(line)
if not sys.stdout.isatty():
    s.shutdown(socket.SHUT_WR)
while time.monotonic() < end:
    s.settimeout(max(0.1, end - time.monotonic()))
    try:
        data = s.recv(8193)
    except (TimeoutError, ConnectionResetError):
        break
    if not data:
        break
    if data[0] in (1, 2, 3):
        sys.stdout.buffer.write(data[1:])
        sys.stdout.buffer.flush()
