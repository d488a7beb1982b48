"""Drives a Starter, native or ours, through PyTango: its interface, then a TangoTest from start to end. Prints JSON.

Arguments: device name, executable/instance of the TangoTest."""

import json
import re
import sys
import time

import tango

DEVICE, SERVER = sys.argv[1], sys.argv[2]
DEADLINE_S = 20
device = tango.DeviceProxy(DEVICE)
answers = {}


def failure(error):
    return {"failed": error.args[0].reason}


def call(key, name, *args):
    try:
        value = device.command_inout(name, *args)
        answers[key] = list(value) if isinstance(value, (list, tuple)) else str(value)
    except tango.DevFailed as error:
        answers[key] = failure(error)


def servers():
    lines = device.read_attribute("Servers").value or []
    return {line.split("\t")[0].lower(): line.split("\t")[1:] for line in lines}


def until(key, check):
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        if check():
            answers[key] = True
            return
        time.sleep(0.05)
    answers[key] = ["not in time", servers(), str(device.state()), device.status()]


def becomes(state):
    until("becomes " + state, lambda: servers().get(SERVER.lower(), [""])[0] == state)


answers["commands"] = {
    c.cmd_name: [str(c.in_type), str(c.out_type), str(c.disp_level), c.out_type_desc == "Uninitialised"]
    for c in device.command_list_query()
}
answers["attributes"] = {
    a.name: [str(a.data_format), str(tango.CmdArgType.values[a.data_type]), str(a.writable), a.max_dim_x, a.max_dim_y,
             a.label, a.unit, a.standard_unit, a.display_unit, a.format, a.min_value, a.max_value, str(a.disp_level)]
    for a in device.attribute_list_query()
}
info = device.info()
answers["info"] = [info.dev_class, info.server_id, info.server_host, info.server_version, info.doc_url, info.dev_type]
admin = tango.DeviceProxy(device.adm_name())
answers["classes"] = list(admin.command_inout("QueryClass"))
wizard = list(admin.command_inout("QueryWizardDevProperty", "Starter"))
answers["properties"] = {wizard[i]: wizard[i + 2] for i in range(0, len(wizard), 3)}

becomes("ON")  # it was to be started at start-up
until("all run", lambda: device.state() == tango.DevState.ON)
answers["line"] = servers()[SERVER.lower()]
until("HostState", lambda: int(device.read_attribute("HostState").value) == int(tango.DevState.ON))
answers["NotifdState"] = str(device.read_attribute("NotifdState").value)
answers["running"] = SERVER in device.read_attribute("RunningServers").value
call("start a running one", "DevStart", SERVER)
call("start a level that runs", "DevStartAll", 1)
call("start what has no program", "DevStart", "NoSuchProgram/x")
call("stop an unknown one", "DevStop", "NoSuchServer/x")
call("kill an unknown one", "HardKillServer", "NoSuchServer/x")
call("read no log", "DevReadLog", "NoSuchServer/x")
call("notification", "NotifyDaemonState")
call("reset", "ResetStatistics")
call("update", "UpdateServersInfo")

call("stop", "DevStop", SERVER)
becomes("FAULT")
call("stop a stopped one", "DevStop", SERVER)
answers["stopped line"] = servers()[SERVER.lower()]
answers["stopped"] = SERVER in (device.read_attribute("StoppedServers").value or [])
answers["stopped list"] = SERVER in device.command_inout("DevGetStopServers", False)
call("start", "DevStart", SERVER)
becomes("ON")
call("kill", "HardKillServer", SERVER)
becomes("FAULT")
call("start after a kill", "DevStart", SERVER)
becomes("ON")
log = device.command_inout("DevReadLog", SERVER).rstrip("\0").split("\n")
answers["log"] = [
    log[0].endswith("/ds.log/" + SERVER.replace("/", "_") + ".log"),
    re.fullmatch(r"\d\d/\d\d/\d\d   \d\d:\d\d:\d\d", log[1]) is not None,
    log[2],  # then comes standard error; ours has standard output too
]
journal = device.command_inout("DevReadLog", "Starter").rstrip("\0").split("\n")
answers["journal"] = [re.sub(r"^\d\d/\d\d/\d\d   \d\d:\d\d:\d\d\t", "<time>\t", line) for line in journal
                      if line.endswith(SERVER + " stopped")]
statistics = device.command_inout("DevReadLog", "Statistics").rstrip("\0").split("\n")
answers["statistics"] = sorted({re.sub(r"\t\d+\t(-1|\d+)\t", "\t<time>\t<time>\t", line) for line in statistics
                                if line.startswith(SERVER)})
print(json.dumps(answers))
