"""Stops, starts and kills servers of a facility through its Starter with PyTango, and hears of it by events. Prints JSON.

Argument: device name."""

import json
import sys
import time

import tango

DEADLINE_S = 20
device = tango.DeviceProxy(sys.argv[1])
seen = {"states": [], "servers": [], "errors": []}


def heard(key):
    def take(event):
        if event.err:
            seen["errors"].append(event.errors[0].reason)
        elif key == "states":
            seen[key].append(str(event.attr_value.value))
        else:
            seen[key].append([line.split("\t")[:2] for line in event.attr_value.value or []])
    return take


def state_of(server):
    return {line.split("\t")[0]: line.split("\t")[1] for line in device.Servers}[server]


def becomes(server, *states):
    end = time.monotonic() + DEADLINE_S
    while state_of(server) not in states:
        if time.monotonic() > end:
            raise RuntimeError(f"{server} is {state_of(server)}, not {states}: {device.status()}")
        time.sleep(0.02)


def pid_of(process):
    return {line.split("\t")[0]: int(line.split("\t")[1]) for line in device.Resources or []}.get(process, 0)


def answers(name):
    try:
        tango.DeviceProxy(name).ping()
        return True
    except tango.DevFailed:
        return False


end = time.monotonic() + DEADLINE_S
while True:  # it comes a moment after the facility
    try:
        if device.state() == tango.DevState.ON and pid_of("recorder-demo1") > 0:
            break
    except tango.DevFailed:
        pass
    if time.monotonic() > end:
        raise RuntimeError("no Starter")
    time.sleep(0.05)

subscriptions = [device.subscribe_event("State", tango.EventType.CHANGE_EVENT, heard("states")),
                 device.subscribe_event("Servers", tango.EventType.CHANGE_EVENT, heard("servers"))]

device.DevStop("MacroServer/demo1")
becomes("MacroServer/demo1", "FAULT")
seen["door after stop"] = answers("door/demo1/1")
seen["pool after stop"] = answers("pool/demo1/1")
seen["stopped"] = list(device.StoppedServers)
device.DevStart("MacroServer/demo1")
becomes("MacroServer/demo1", "ON")
seen["door after start"] = answers("door/demo1/1")

former = pid_of("recorder-demo1")
device.HardKillServer("Recorder/demo1")
becomes("Recorder/demo1", "FAULT", "MOVING")
becomes("Recorder/demo1", "ON")
seen["another process"] = pid_of("recorder-demo1") != former
seen["recorder after kill"] = answers("recorder/demo1/1")
end = time.monotonic() + DEADLINE_S
while seen["states"][-1] != "ON" or ["Recorder/demo1", "ON"] not in seen["servers"][-1]:
    if time.monotonic() > end:
        raise RuntimeError(f"no event of the end: {seen}")
    time.sleep(0.02)
for subscription in subscriptions:
    device.unsubscribe_event(subscription)
seen["journal"] = [line.split("\t")[1] for line in device.DevReadLog("Starter").split("\n") if "\t" in line]
print(json.dumps(seen))
