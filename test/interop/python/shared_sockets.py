"""Events of two logical servers that live in one process: dropping all subscriptions of one must not silence the other.

usage: shared_sockets.py <motor> <door> <seconds>; TANGO_HOST names the database. Prints one JSON object.
"""
import json
import sys
import threading
import time

import tango


class Listener:
    def __init__(self):
        self.values = []
        self.errors = []
        self.lock = threading.Lock()

    def push_event(self, event):
        with self.lock:
            if event.err:
                self.errors.append(event.errors[0].reason)
            else:
                self.values.append(str(event.attr_value.value))


def wait(condition, seconds):
    deadline = time.time() + seconds
    while not condition() and time.time() < deadline:
        time.sleep(0.02)
    return condition()


def phase(keep, drop, trigger, kept, seconds):
    """Subscribes to both, drops one side, and triggers events of the other side now and after some heartbeats."""
    listeners = {"keep": Listener(), "drop": Listener()}
    subscriptions = []
    for side, attributes in (("keep", keep), ("drop", drop)):
        for device, attribute in attributes:
            subscriptions.append((side, device, device.subscribe_event(attribute, tango.EventType.CHANGE_EVENT, listeners[side])))
    for side, device, number in subscriptions:
        if side == "drop":
            device.unsubscribe_event(number)
    mine = listeners["keep"]
    counts = []
    begun = time.time()
    while time.time() - begun < seconds:
        before = len(mine.values)
        trigger()
        wait(lambda: len(mine.values) > before and kept(mine.values), 5)
        counts.append(len(mine.values) - before)
        time.sleep(3)
    for side, device, number in subscriptions:
        if side == "keep":
            device.unsubscribe_event(number)
    return {"counts": counts, "errors": mine.errors}


def main(motor_name, door_name, seconds):
    motor, door = tango.DeviceProxy(motor_name), tango.DeviceProxy(door_name)
    motor_side = [(motor, "State"), (motor, "Position")]
    door_side = [(door, "State"), (door, "Output")]

    def move():
        motor.Position = motor.Position + 0.01
        wait(lambda: motor.State() == tango.DevState.ON, 5)

    def run():
        door.RunMacro(["wa"])
        wait(lambda: door.State() == tango.DevState.ON, 5)

    at_rest = lambda values: values[-1] == "ON" or "ON" in values[-4:]
    print(json.dumps({
        "motor_kept": phase(motor_side, door_side, move, at_rest, seconds),
        "door_kept": phase(door_side, motor_side, run, at_rest, seconds),
    }))


main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
