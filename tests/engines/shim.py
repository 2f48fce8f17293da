#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a container's shim for what ctr has no word for:   shim.py FOLDER ID update RESOURCES

FOLDER is the shim's bundle in containerd's state folder; it has the address. RESOURCES is JSON as in config.json's linux.resources. Speaks
ttrpc: a header (length, stream, type 1 for a request, flags), then a protobuf message {service, method, payload}."""
import json
import os
import socket
import struct
import sys

folder, container, method, resources = sys.argv[1:5]


def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, data):  # a string, bytes or a message
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(data):
    at = 0

    def number():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n
    while at < len(data):
        key = number()
        value = number()
        if key & 7 == 2:
            at += value
            value = data[at - value:at]
        yield key >> 3, value


if os.path.exists(folder + '/bootstrap.json'):  # containerd 2
    with open(folder + '/bootstrap.json') as f:
        about = json.load(f)
    address, version = about['address'], about['version']
else:
    with open(folder + '/address') as f:
        address, version = f.read().strip(), 2
assert method == 'update'
body = field(1, container) + field(2, field(1, 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources') + field(2, resources))
request = field(1, f'containerd.task.v{version}.Task') + field(2, 'Update') + field(3, body)

s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(address.removeprefix('unix://'))
s.sendall(struct.pack('>IIBB', len(request), 1, 1, 0) + request)
answer = s.makefile('rb')
length, _, _, _ = struct.unpack('>IIBB', answer.read(10))
for number, value in fields(answer.read(length)):
    if number == 1:  # a status: code, message
        status = dict(fields(value))
        if status.get(1):
            sys.exit(status.get(2, b'').decode())
