"""Drives a running demo facility with PyTango and nothing of ours; prints one JSON object with what was seen.

usage: demo_session.py <door> <scan intervals>
"""
import json
import sys
import threading
import time

import h5py
import numpy
import tango


class Recorder:
    """Collects change events of one attribute, in order."""

    def __init__(self, proxy, attribute):
        self.values = []
        self.errors = []
        self.condition = threading.Condition()
        self.attribute = attribute
        self.id = proxy.subscribe_event(attribute, tango.EventType.CHANGE_EVENT, self)
        self.proxy = proxy

    def push_event(self, event):
        with self.condition:
            if event.err:
                self.errors.append(event.errors[0].reason)
            else:
                value = event.attr_value.value
                self.values.append(value.name if type(value).__name__ == "DevState" else value)
            self.condition.notify_all()

    def wait(self, predicate, timeout):
        deadline = time.time() + timeout
        with self.condition:
            while not predicate(self.values):
                left = deadline - time.time()
                if left <= 0:
                    raise TimeoutError(f"{self.proxy.name()}: only {self.values[-5:]} after {timeout} s")
                self.condition.wait(left)

    def close(self):
        self.proxy.unsubscribe_event(self.id)


def flat(values):
    return [line for lines in values if lines is not None for line in (lines if not isinstance(lines, str) else [lines])]


def main(door_name, intervals):
    seen = {}
    database = tango.Database()
    seen["servers"] = list(database.get_server_list())
    seen["devices"] = list(database.get_device_name("*", "*")) if hasattr(database, "get_device_name") else []
    seen["exported"] = list(database.get_device_exported("*"))
    seen["alias"] = database.get_device_alias("mot01") if hasattr(database, "get_device_alias") else None

    motor = tango.DeviceProxy("motor/icepap/1")
    seen["motor_name"] = motor.name()
    seen["motor_alias"] = motor.alias()
    seen["motor_class"] = motor.info().dev_class
    state = Recorder(motor, "State")
    position = Recorder(motor, "Position")
    begin = motor.Position
    target = begin + 3
    before = len(state.values)
    motor.write_attribute("Position", target)
    state.wait(lambda v: "MOVING" in v[before:] and v[-1] == "ON", 10)
    seen["motor_states"] = state.values[before:]
    seen["motor_position"] = motor.Position - target
    seen["motor_position_events"] = len(position.values)
    try:
        motor.Position = 1e6
        seen["limit"] = "accepted"
    except tango.DevFailed as error:
        seen["limit"] = error.args[0].reason
    config = motor.get_attribute_config("Position")
    seen["limits"] = [config.min_value, config.max_value]
    state.close()
    position.close()

    door = tango.DeviceProxy(door_name)
    recorders = {name: Recorder(door, name) for name in ("State", "Output", "Info", "Error", "MacroStatus")}
    state = recorders["State"]
    marks = {name: len(r.values) for name, r in recorders.items()}
    door.RunMacro(["ascan", "mot01", "0", "1", str(intervals), "0.01"])
    state.wait(lambda v: "RUNNING" in v[marks["State"]:] and v[-1] in ("ON", "ALARM"), 60)
    time.sleep(0.3)
    seen["door_states"] = state.values[marks["State"]:]
    seen["output"] = flat(recorders["Output"].values[marks["Output"]:])
    seen["output_events"] = len(recorders["Output"].values) - marks["Output"]
    seen["info"] = flat(recorders["Info"].values[marks["Info"]:])
    seen["error"] = flat(recorders["Error"].values[marks["Error"]:])
    statuses = [json.loads(data)[0] for _, data in recorders["MacroStatus"].values[marks["MacroStatus"]:] if data]
    seen["statuses"] = [s["state"] for s in statuses]
    seen["event_errors"] = [e for r in recorders.values() for e in r.errors]

    environment = __import__("pickle").loads(tango.DeviceProxy(database.get_device_exported_for_class("MacroServer")[0]).Environment[1])["new"]
    number = environment["ScanID"]
    scan_dir, scan_file = environment["ScanDir"], environment["ScanFile"]
    scan_file = scan_file if isinstance(scan_file, str) else scan_file[0]
    stem = scan_file.rsplit(".", 1)[0]
    seen["scan_id"] = number
    path = f"{scan_dir}/{stem}_{number:05d}.h5"
    seen["file"] = path
    with h5py.File(path, "r") as f:
        entry = f[f"entry{number}"]
        default = f[f.attrs["default"]] if "default" in f.attrs else entry
        plot = default[default.attrs["default"]] if "default" in default.attrs else None
        seen["default_plot"] = None if plot is None else [plot.attrs["NX_class"], plot.attrs["signal"]]
        measurement = entry["measurement"]
        seen["columns"] = sorted(measurement.keys())
        x = measurement["mot01"][()]
        y = measurement["ct01"][()]
        seen["rows"] = len(x)
        seen["x"] = [float(v) for v in x]
        seen["y"] = [float(v) for v in y]
        seen["peak"] = float(x[int(numpy.argmax(y))])
        if plot is not None:
            seen["plot_rows"] = len(plot[plot.attrs["signal"]])
    with h5py.File(f"{scan_dir}/{stem}.h5", "r") as f:
        seen["master_rows"] = len(f[f"entry{number}/measurement/mot01"])

    for name, arguments in (("unknown", ["nosuchmacro"]), ("few", ["ascan", "mot01", "0"]), ("beyond", ["ascan", "mot01", "0", "1e5", "10", "0.01"])):
        try:
            mark = len(state.values)
            errors = len(recorders["Error"].values)
            door.RunMacro(arguments)
            state.wait(lambda v: "RUNNING" in v[mark:] and v[-1] in ("ON", "ALARM"), 20)
            time.sleep(0.2)
            seen[name] = [state.values[-1], " ".join(flat(recorders["Error"].values[errors:]))]
        except tango.DevFailed as error:
            seen[name] = ["refused", error.args[-1].desc if len(error.args) == 1 else " ".join(e.desc for e in error.args)]

    mark = len(state.values)
    door.RunMacro(["ascan", "mot01", "0", "1", "50", "0.2"])
    state.wait(lambda v: "RUNNING" in v[mark:], 10)
    time.sleep(1)
    begun = time.time()
    door.StopMacro()
    state.wait(lambda v: v[-1] in ("ON", "ALARM"), 20)
    seen["stop_seconds"] = time.time() - begun
    seen["after_stop"] = state.values[-1]
    for recorder in recorders.values():
        recorder.close()
    print(json.dumps(seen, default=str))


main(sys.argv[1], int(sys.argv[2]))
