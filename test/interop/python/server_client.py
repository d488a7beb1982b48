# Exercises the one-of-everything device as a PyTango client and prints what it saw as JSON.
# Arguments: name of the device, name of its admin device (both as PyTango takes them).
import json
import sys
import time

import numpy
import tango

device_name, admin_name = sys.argv[1:3]
device = tango.DeviceProxy(device_name)
admin = tango.DeviceProxy(admin_name)
seen = {}


def plain(value):
    if isinstance(value, numpy.ndarray):
        return [plain(v) for v in value.tolist()]
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, bool) or value is None:
        return value
    # tango.DevState is also the name of a type code, so isinstance does not find it
    if type(value).__name__ == "DevState":
        return str(value)
    if isinstance(value, int) and abs(value) > 2**53:
        return str(value)
    return value


def error(call):
    try:
        call()
    except tango.DevFailed as failed:
        first = failed.args[0]
        return [first.reason, first.desc]
    return None


device.ping()
info = device.info()
seen["info"] = [info.dev_class, info.server_id, info.server_version]
seen["name"] = device.name()
seen["state"] = [str(device.state()), device.status(), str(device.State())]
seen["commands"] = len(device.command_list_query())
seen["attributes"] = list(device.get_attribute_list())[-2:]

seen["echo"] = {}
samples = {
    "DevBoolean": True, "DevShort": -32768, "DevLong": 2147483647, "DevFloat": 0.5, "DevDouble": 1e300,
    "DevUShort": 65535, "DevULong": 4294967295, "DevString": "caf\u00e9", "DevLong64": -2**63, "DevULong64": 2**64 - 1,
    "DevState": tango.DevState.MOVING, "DevEncoded": ("f", b"\x01\xff"), "DevVarCharArray": [0, 255],
    "DevVarShortArray": [-1, 1], "DevVarLongArray": [-1, 1], "DevVarFloatArray": [0.5], "DevVarDoubleArray": list(range(5000)),
    "DevVarUShortArray": [65535], "DevVarULongArray": [4294967295], "DevVarLong64Array": [-5], "DevVarULong64Array": [5],
    "DevVarBooleanArray": [True, False], "DevVarStringArray": ["", "b"],
    "DevVarLongStringArray": [[1, 2], ["a"]], "DevVarDoubleStringArray": [[1.5], ["a", "b"]],
}
for name, value in samples.items():
    answer = device.command_inout("Echo" + name, value)
    seen["echo"][name] = plain(answer) == plain(value)

values = {
    "bS": True, "shS": -5, "loS": 6, "l64S": -2**40, "flS": 1.5, "doS": 2.5, "ucS": 7, "usS": 8, "ulS": 9, "u64S": 2**63,
    "stS": "w\u00f6rd", "staS": tango.DevState.FAULT, "encS": ("json", b"{}"), "doV": [1.0, 2.0, 3.0], "stV": ["a", "b"],
    "bV": [True, False], "doI": [[1.0, 2.0], [3.0, 4.0]], "Mode": 2, "Memorized": 4.5,
}
seen["written"] = {}
for name, value in values.items():
    device.write_attribute(name, value)
    reading = device.read_attribute(name)
    seen["written"][name] = [plain(reading.value) == plain(value), plain(reading.w_value) == plain(value)]

seen["errors"] = {
    "above": error(lambda: device.write_attribute("Position", 1000.0)),
    "nan": error(lambda: device.write_attribute("Position", float("nan"))),
    "read only": error(lambda: device.write_attribute("Failing", 1.0)),
    "read": error(lambda: device.read_attribute("Failing")),
    "command": error(lambda: device.command_inout("Nope")),
    "crash": error(lambda: device.command_inout("Crash")),
    "not polled": error(lambda: device.attribute_history("doS", 3)),
    "no event": error(lambda: device.subscribe_event("doS", tango.EventType.CHANGE_EVENT, lambda e: None)),
}
invalid, empty = device.read_attributes(["Invalid", "Empty"])
seen["invalid"] = [str(invalid.quality), invalid.value is None]
seen["empty"] = [str(empty.quality), bool(empty.is_empty)]

config = device.get_attribute_config("Position")
seen["config"] = [config.label, config.unit, config.min_value, config.max_value, config.events.ch_event.abs_change, config.format]
seen["labels"] = list(device.get_attribute_config("Mode").enum_labels)
config.max_value = "50"
device.set_attribute_config(config)
seen["changed"] = device.get_attribute_config("Position").max_value

events = []
intrusions = []


def listen(event):
    if event.err:
        events.append([event.event, event.errors[0].reason])
    elif hasattr(event, "attr_conf"):
        events.append([event.event, event.attr_conf.max_value])
    else:
        events.append([event.event, plain(event.attr_value.value)])


class Interface:
    def push_event(self, event):
        if not event.err:
            intrusions.append(len(event.att_list))


def wait_for(what, deadline=10):
    end = time.time() + deadline
    while time.time() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


change = tango.EventType.CHANGE_EVENT
ids = [device.subscribe_event("Position", change, listen), device.subscribe_event("State", change, listen)]
ids.append(device.subscribe_event("Position", tango.EventType.ATTR_CONF_EVENT, listen))
ids.append(device.subscribe_event(tango.EventType.INTERFACE_CHANGE_EVENT, Interface()))
seen["first events"] = len(events)
# the channel needs some milliseconds until the server knows of the subscriber
wait_for(lambda: device.PushPosition(1.0) or ["change", 1.0] in events)
device.PushPosition(1.25)
wait_for(lambda: ["change", 1.25] in events)
del events[:]
device.PushPosition(3.5)
device.PushPosition(3.5)
device.MoveNowhere()
device.PushFailure()
device.PushPosition(2.5)
wait_for(lambda: ["change", 2.5] in events)
seen["events"] = list(events)
config.max_value = "60"
device.set_attribute_config(config)
seen["configuration event"] = wait_for(lambda: ["attr_conf", "60"] in events)
before = len(intrusions)
device.AddOne()
wait_for(lambda: len(intrusions) > before)
device.RemoveOne()
wait_for(lambda: len(intrusions) > before + 1)
seen["interface events"] = [n - intrusions[0] for n in intrusions[before:before + 2]]

polled = []
identifier = device.subscribe_event("Polled", tango.EventType.PERIODIC_EVENT, lambda e: polled.append(e))
seen["periodic events"] = wait_for(lambda: len(polled) > 3)
device.unsubscribe_event(identifier)
seen["history"] = len(device.attribute_history("Polled", 3))

seen["admin"] = {
    "QueryClass": list(admin.QueryClass()),
    "QueryDevice": list(admin.QueryDevice()),
    "PolledDevice": list(admin.PolledDevice()),
}
if "dbase=no" not in device_name:
    device.lock()
    seen["locked"] = device.is_locked()
    device.unlock()
    device.poll_attribute("doS", 200)
    seen["polled"] = [device.is_attribute_polled("doS"), device.get_attribute_poll_period("doS")]
    device.stop_poll_attribute("doS")
device.Init()
seen["after init"] = str(device.state())
for identifier in ids:
    device.unsubscribe_event(identifier)
print(json.dumps(seen))
