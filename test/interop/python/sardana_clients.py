"""Does with PyTango alone what clients of Sardana do; prints one JSON object with what was seen.

usage: sardana_clients.py <door> <macro server> <pool>; TANGO_HOST names the database.
"""
import json
import pickle
import sys
import threading
import time

import tango


class Watch:
    """Change events of several attributes in the order of their arrival."""

    def __init__(self):
        self.events = []
        self.errors = []
        self.condition = threading.Condition()
        self.subscriptions = []

    def add(self, device, *attributes):
        proxy = tango.DeviceProxy(device)
        for attribute in attributes:
            number = proxy.subscribe_event(attribute, tango.EventType.CHANGE_EVENT, self)
            self.subscriptions.append((proxy, number))
        return proxy

    def push_event(self, event):
        with self.condition:
            if event.err:
                self.errors.append(event.errors[0].reason)
            else:
                value = event.attr_value.value
                if type(value).__name__ == "DevState":
                    value = value.name
                self.events.append((event.device.name(), event.attr_value.name.lower(), value))
            self.condition.notify_all()

    def clear(self):
        with self.condition:
            self.events.clear()

    def wait(self, predicate, seconds=10):
        deadline = time.time() + seconds
        with self.condition:
            while not predicate(self.events):
                left = deadline - time.time()
                if left <= 0:
                    raise TimeoutError(f"only {self.events} after {seconds} s")
                self.condition.wait(left)

    def values(self, attribute, device=None):
        with self.condition:
            return [v for d, a, v in self.events if a == attribute and (device is None or d == device)]

    def drop(self):
        for proxy, number in self.subscriptions:
            proxy.unsubscribe_event(number)
        self.subscriptions.clear()


def refused(call):
    try:
        call()
        return None
    except tango.DevFailed as error:
        return [error.args[0].reason, error.args[0].desc]


def decoded(encoded):
    return json.loads(encoded[1]) if encoded[1] else None


def run(watch, door, argument, ends=("ON", "ALARM")):
    """RunMacro as a synchronous client: RUNNING after the call, then another state."""
    watch.clear()
    reply = door.RunMacro(argument if isinstance(argument, list) else [argument])
    watch.wait(lambda events: [v for _, a, v in events if a == "state"][-1:] in [[e] for e in ends])
    time.sleep(0.1)
    kinds = []
    for _, attribute, value in watch.events:
        if attribute == "macrostatus":
            kinds += [f"macrostatus {status['state']} {status['id']}" for status in decoded(value)]
        elif attribute == "recorddata":
            kinds.append(f"recorddata {decoded(value)['type']}")
        elif attribute == "state":
            kinds.append(f"state {value}")
        elif attribute in ("error", "result"):
            kinds.append(f"{attribute} {' '.join(value)}")
        elif attribute in ("output", "warning"):
            kinds.append(attribute)
    return {"reply": list(reply), "events": kinds, "records": [decoded(v) for v in watch.values("recorddata")]}


def door_session(door_name, seen):
    watch = Watch()
    door = watch.add(door_name, "State", "MacroStatus", "RecordData", "Output", "Warning", "Error", "Result", "Input")
    repeat = '<paramrepeat name=""><repeat nr="1"><param name="" value="dmot01"/><param name="" value="%s"/></repeat></paramrepeat>'
    seen["move"] = run(watch, door, '<macro name="mv" id="a1">' + repeat % 0.5 + "</macro>")
    seen["missing"] = run(watch, door, '<macro name="ct" id="a2"><param name="" value="0.01"/><param name=""/></macro>')
    seen["sequence"] = run(watch, door, '<sequence><macro name="wa" id="s1"/><macro name="mv" id="s2">' + repeat % 0 + "</macro></sequence>")
    seen["unknown"] = run(watch, door, '<macro name="nosuchmacro" id="a3"/>')
    seen["unknown_words"] = refused(lambda: door.RunMacro(["nosuchmacro"]))
    seen["unknown_element"] = run(watch, door, '<macro name="mv" id="a4">' + (repeat % 1).replace("dmot01", "nomotor") + "</macro>")
    scan = "".join(f'<param name="" value="{v}"/>' for v in ("dmot01", 0, 1, 2, 0.01))
    seen["scan"] = run(watch, door, f'<macro name="ascan" id="a5">{scan}</macro>')

    endless = "".join(f'<param name="" value="{v}"/>' for v in ("dmot01", 0, 1, 1000, 0.05))
    for name, command in (("stop", "StopMacro"), ("abort", "AbortMacro")):
        watch.clear()
        door.RunMacro([f'<macro name="ascan" id="{name}">{endless}</macro>'])
        watch.wait(lambda events: len([1 for _, a, v in events if a == "recorddata"]) > 2)
        door.command_inout(command)
        watch.wait(lambda events: [v for _, a, v in events if a == "state"][-1:] == ["ON"])
        time.sleep(0.1)
        seen[name] = [decoded(v)[0]["state"] for v in watch.values("macrostatus")][-1]
    watch.clear()
    door.RunMacro([f'<macro name="ascan" id="pause">{endless}</macro>'])
    watch.wait(lambda events: len([1 for _, a, v in events if a == "recorddata"]) > 2)
    door.PauseMacro()
    watch.wait(lambda events: [v for _, a, v in events if a == "state"][-1:] == ["STANDBY"])
    door.ResumeMacro()
    watch.wait(lambda events: [v for _, a, v in events if a == "state"][-1:] == ["RUNNING"])
    door.StopMacro()
    watch.wait(lambda events: [v for _, a, v in events if a == "state"][-1:] == ["ON"])
    time.sleep(0.1)
    seen["pause"] = [s for v in watch.values("macrostatus") for s in [decoded(v)[0]["state"]] if s != "step"]
    seen["idle"] = {c: refused(lambda: door.command_inout(c)) for c in ("StopMacro", "PauseMacro", "ResumeMacro", "ReleaseMacro", "AbortMacro")}
    seen["door_errors"] = watch.errors
    watch.drop()


def environment_session(macro_server, seen):
    watch = Watch()
    proxy = watch.add(macro_server, "Environment", "Elements")
    put = lambda value: proxy.write_attribute("Environment", ("pickle", pickle.dumps(value)))
    watch.clear()
    put({"new": {"Tuple": (1, 2.5, None, True, "ü"), "Dict": {"a": [1]}}})
    watch.wait(lambda events: len(events) > 0)
    seen["environment_event"] = pickle.loads(watch.values("environment")[-1][1])
    env = pickle.loads(proxy.Environment[1])["new"]
    seen["environment"] = {k: env.get(k) for k in ("Tuple", "Dict", "ActiveMntGrp")}
    watch.clear()
    put({"del": ("Tuple", "Dict")})
    watch.wait(lambda events: len(events) > 0)
    seen["environment_del"] = pickle.loads(watch.values("environment")[-1][1])
    watch.drop()


def pool_session(pool_name, macro_server, seen):
    watch = Watch()
    pool = watch.add(pool_name, "Elements")
    watch.add(macro_server, "Elements")
    watch.clear()

    def change(call):
        """What pool and macro server tell of a change."""
        watch.clear()
        call()
        watch.wait(lambda events: len({d for d, a, _ in events if a == "elements"}) == 2)
        told = {d: {k: [e["name"] for e in v] for k, v in decoded(value).items() if v} for d, _, value in watch.events}
        return list(told.values())

    elements = {e["name"]: e for e in decoded(pool.Elements)["new"]}
    seen["types"] = sorted({e["type"] for e in elements.values()})
    seen["parents"] = {n: elements[n]["parent"] for n in ("mot01", "dct01", "dmotctrl", "mg_dummy")}
    seen["created"] = change(lambda: pool.CreateMeasurementGroup(["mg_trial", "dct01", "dct02"]))
    seen["renamed"] = change(lambda: pool.RenameElement(["mg_trial", "mg_other"]))
    seen["deleted"] = change(lambda: pool.DeleteElement("mg_other"))
    seen["controller"] = change(lambda: pool.CreateController(["Motor", "DummyMotorController.py", "DummyMotorController", "trialctrl"]))
    seen["axis"] = change(lambda: pool.CreateElement(["Motor", "trialctrl", "1", "trialmot"]))
    seen["wrong_type"] = refused(lambda: pool.CreateElement(["CTExpChannel", "trialctrl", "2", "trialct"]))
    seen["group"] = change(lambda: pool.CreateMotorGroup(["trialgroup", "trialmot", "dmot01"]))
    group = tango.DeviceProxy("trialgroup")
    watch.clear()
    watch.add("trialgroup", "State", "Position")
    watch.clear()
    group.Position = [0.5, 0.25]
    watch.wait(lambda events: [v for _, a, v in events if a == "state"][-1:] == ["ON"])
    seen["group_states"] = watch.values("state")
    seen["group_position"] = [float(p) for p in group.Position]
    seen["in_use"] = refused(lambda: pool.DeleteElement("trialmot"))
    # axes of a controller in another server than the pool's
    seen["elsewhere"] = change(lambda: pool.CreateElement(["Motor", "icepap", "7", "mot07"]))
    for name in ("mot07", "trialgroup", "trialmot", "trialctrl"):
        pool.DeleteElement(name)
    seen["class_info"] = json.loads(pool.GetControllerClassInfo('["DummyMotorController", "nosuch"]'))
    # as one call over all groups, like the editor of measurement groups
    all_groups = tango.Group("groups")
    all_groups.add([e["full_name"] for e in elements.values() if e["type"] == "MeasurementGroup"])
    documents = [json.loads(reply.get_data().value) for reply in all_groups.read_attribute("configuration")]
    seen["configurations"] = {
        d["label"]: sorted(c["name"] for k in d["controllers"].values() for c in k["channels"].values()) for d in documents
    }
    seen["pool_errors"] = watch.errors
    watch.drop()


def group_session(seen):
    watch = Watch()
    group = watch.add("mg_dummy", "State", "NbStarts", "IntegrationTime", "SynchDescription", "Configuration")
    watch.add("dct01", "State", "Value", "ValueBuffer")
    name = group.name()
    ended = lambda events: [v for d, a, v in events if a == "state" and d == name][-1:] == ["ON"]

    def start():
        watch.clear()
        group.Start()
        watch.wait(ended)
        watch.wait(lambda events: [v for d, a, v in events if a == "state" and d != name][-1:] == ["ON"])
        return {"group": watch.values("state", name), "index": [i for v in watch.values("valuebuffer") for i in pickle.loads(v[1])["index"]]}

    group.NbStarts = 2
    group.IntegrationTime = 0.02
    seen["unprepared"] = refused(group.Start)
    group.Prepare()
    seen["first"], seen["second"] = start(), start()
    seen["third"] = refused(group.Start)
    group.NbStarts = 1
    group.SynchDescription = '[{"Delay":{"Time":0},"Active":{"Time":0.01},"Total":{"Time":0.05},"Repeats":3}]'
    seen["synch"] = json.loads(group.SynchDescription)
    group.Prepare()
    seen["repeats"] = start()
    # a stop between two repeats, and one during an exposure, must not spoil the next start
    for what, text in (("between", '[{"Active":{"Time":0.01},"Total":{"Time":30},"Repeats":9}]'), ("during", '[{"Active":{"Time":30},"Repeats":1}]')):
        group.SynchDescription = text
        group.Prepare()
        watch.clear()
        group.Start()
        watch.wait(lambda events: len([1 for d, a, v in events if a == ("valuebuffer" if what == "between" else "state") and d != name]) > 0)
        seen[f"busy_{what}"] = refused(group.Start)
        group.Stop()
        watch.wait(ended)
        group.IntegrationTime = 0.02
        group.Prepare()
        seen[f"after_stop_{what}"] = start()
    document = json.loads(group.Configuration)
    watch.clear()
    group.Configuration = json.dumps(document)
    watch.wait(lambda events: any(a == "configuration" for _, a, _ in events))
    seen["no_json"] = refused(lambda: group.write_attribute("Configuration", "{"))
    seen["group_errors"] = watch.errors
    watch.drop()


def parameter_session(seen):
    watch = Watch()
    motor = watch.add("mot02", "Velocity", "Acceleration", "Step_per_unit", "Sign", "Offset", "Backlash")
    watch.clear()
    before = motor.Velocity
    motor.Velocity = 3
    motor.Offset = 0.5
    motor.Offset = 0
    watch.wait(lambda events: len(events) >= 3)
    seen["parameters"] = [[a, v] for _, a, v in watch.events]
    motor.Velocity = before
    watch.drop()


def sockets_session(door_name, seen):
    """Dropping everything of one server must not silence another one of the same process, not for a moment."""
    kept, dropped = Watch(), Watch()
    door = kept.add(door_name, "State", "Output")
    dropped.add("mg_dummy", "State")
    dropped.add("mot01", "State", "Position")
    dropped.drop()
    seen["kept"] = []
    for _ in range(3):
        kept.clear()
        door.RunMacro(["wa"])
        kept.wait(lambda events: [v for _, a, v in events if a == "state"][-1:] == ["ON"], 5)
        seen["kept"].append(kept.values("state"))
    seen["kept_errors"] = kept.errors
    kept.drop()


def main(door_name, macro_server, pool_name):
    seen = {}
    door_session(door_name, seen)
    environment_session(macro_server, seen)
    pool_session(pool_name, macro_server, seen)
    group_session(seen)
    parameter_session(seen)
    sockets_session(door_name, seen)
    print(json.dumps(seen, default=list))


main(*sys.argv[1:4])
