"""Synchronous calls of one PyTango client, one JSON line per sample: client.py ROUNDS SECONDS NAME=URL [NAME=URL ...]

Operations outside, rounds inside; the servers take turns, in reverse order in every second round.
"""
import json
import sys
import time

import numpy
import tango

rounds, seconds = int(sys.argv[1]), float(sys.argv[2])
names, urls = zip(*(word.split("=", 1) for word in sys.argv[3:]))
devices = [tango.DeviceProxy(url) for url in urls]
doubles = numpy.arange(1000.0)
scalars = [f"scalar_{i:02d}" for i in range(1, 21)]
IN_FLIGHT = 64


def in_flight(d):
    ids = [d.command_inout_asynch("DevDouble", 3.25) for _ in range(IN_FLIGHT)]
    for number in ids:
        d.command_inout_reply(number, timeout=0)


OPERATIONS = {
    "ping": lambda d: d.ping(),
    "cmd_void": lambda d: d.command_inout("DevVoid"),
    "cmd_double": lambda d: d.command_inout("DevDouble", 3.25),
    "cmd_double_64": in_flight,
    "cmd_state": lambda d: d.command_inout("State"),
    "read_scalar": lambda d: d.read_attribute("scalar_01"),
    "read_20_scalars": lambda d: d.read_attributes(scalars),
    "write_scalar": lambda d: d.write_attribute("scalar_01", 4.5),
    "echo_1000_doubles": lambda d: d.command_inout("DevVarDoubleArray", doubles),
    "read_80_kB": lambda d: d.read_attribute("spectrum"),
}

for operation, call in OPERATIONS.items():
    for number in range(rounds):
        order = range(len(devices)) if number % 2 == 0 else reversed(range(len(devices)))
        for i in order:
            device = devices[i]
            for _ in range(20):
                call(device)
            latencies = []
            begin = before = time.perf_counter()
            while before - begin < seconds:
                call(device)
                after = time.perf_counter()
                latencies.append(after - before)
                before = after
            latencies.sort()
            calls = len(latencies) * (IN_FLIGHT if call is in_flight else 1)
            sample = {"op": operation, "target": names[i], "round": number, "rate": calls / (before - begin)}
            sample["p50"] = latencies[len(latencies) // 2] * 1e6
            sample["p99"] = latencies[len(latencies) * 99 // 100] * 1e6
            print(json.dumps(sample), flush=True)
