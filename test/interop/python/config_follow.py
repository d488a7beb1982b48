"""Watches a facility with PyTango while its configuration changes; prints one JSON object with what was seen.

usage: config_follow.py <new motor> <other motor> ...
Prints "ready" when it watches, and looks again when a line comes on standard input.
"""
import json
import sys
import time

import tango


class Watch:
    """Events of one attribute: how many, and the errors among them."""

    def __init__(self, device, attribute):
        self.values = 0
        self.errors = []
        self.proxy = tango.DeviceProxy(device)
        self.id = self.proxy.subscribe_event(attribute, tango.EventType.CHANGE_EVENT, self)

    def push_event(self, event):
        if event.err:
            self.errors.append(event.errors[0].reason)
        else:
            self.values += 1


def main():
    new, others = sys.argv[1], sys.argv[2:]
    database = tango.Database()
    try:
        tango.DeviceProxy(new)
        known_before = True
    except tango.DevFailed:
        known_before = False
    started = {name: database.get_device_info(tango.DeviceProxy(name).dev_name()).started_date for name in others}
    black = {name: tango.DeviceProxy(name) for name in others}
    for proxy in black.values():
        proxy.state()
    watches = {name: Watch(name, "State") for name in others}
    pool = Watch("Pool_demo1", "MotorList")
    for name in others:
        # something that a restart would forget
        tango.DeviceProxy(name).write_attribute("Velocity", 1.25)
    print("ready", flush=True)
    sys.stdin.readline()

    motor = tango.DeviceProxy(new)
    motor.write_attribute("Position", 1.5)
    deadline = time.time() + 10
    while motor.state() == tango.DevState.MOVING and time.time() < deadline:
        time.sleep(0.05)
    motors = tango.DeviceProxy("Pool_demo1").read_attribute("MotorList").value
    print(
        json.dumps(
            {
                "known_before": known_before,
                "position": motor.read_attribute("Position").value,
                "state": str(motor.state()),
                "in_pool": any(json.loads(line)["name"] == new for line in motors),
                "pool_events": pool.values,
                "restarted": [
                    name
                    for name in others
                    if database.get_device_info(black[name].dev_name()).started_date != started[name]
                ],
                "errors": [reason for watch in watches.values() for reason in watch.errors],
                "exported": [name for name in others if database.import_device(black[name].dev_name()).exported == 0],
            }
        ),
        flush=True,
    )


main()
