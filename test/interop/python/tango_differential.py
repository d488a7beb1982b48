"""Drives one TangoTest device with PyTango and prints everything it answered: tango_differential.py DEVICE [DATABASE]

The same steps run against two servers; the caller compares the two outputs field by field. DATABASE is yes or no.
"""
import json
import os
import subprocess
import sys
import time

import numpy
import tango
from differential_events import event_steps
from differential_record import Recorder

SCALARS = {
    "ampli": 2.5, "boolean_scalar": False, "double_scalar": 3.5, "double_scalar_w": 4.5, "float_scalar": 5.5,
    "long64_scalar": -6, "long_scalar": 7, "long_scalar_w": 8, "short_scalar": 9, "short_scalar_w": 10,
    "string_scalar": "abc", "uchar_scalar": 11, "ulong64_scalar": 2**63, "ushort_scalar": 13, "ulong_scalar": 2**32 - 1,
}
ARRAYS = {
    "boolean_spectrum": [True, False], "double_spectrum": [1.5, 2.5], "float_spectrum": [1, 2], "long_spectrum": [3, 4],
    "short_spectrum": [5], "string_spectrum": ["a", "b"], "uchar_spectrum": [1, 2], "ushort_spectrum": [4, 5],
    # no long_image: writing it makes the native server crash
    "boolean_image": [[True, False]], "double_image": [[1.5, 2.5], [3, 4]], "float_image": [[1, 2]], "short_image": [[5]],
    "string_image": [["a", "b"], ["c", "d"]], "uchar_image": [[1, 2]], "ushort_image": [[4, 5], [6, 7], [8, 9]],
}
ARGUMENTS = {
    "DevBoolean": True, "DevDouble": 2.5, "DevFloat": 1.5, "DevLong": -4, "DevLong64": -(2**62), "DevShort": -6,
    "DevString": "h\u00e9", "DevULong": 2**32 - 1, "DevULong64": 2**64 - 1, "DevUShort": 65535, "DevVoid": None,
    "DevVarCharArray": [1, 255], "DevVarDoubleArray": [1.5, -2], "DevVarDoubleStringArray": ([1.0, 2.0], ["a"]),
    "DevVarFloatArray": [1.0, 2.0], "DevVarLong64Array": [1, -2], "DevVarLongArray": [1, -2],
    "DevVarLongStringArray": ([1, 2], ["b", ""]), "DevVarShortArray": [1], "DevVarStringArray": ["x", ""],
    "DevVarULong64Array": [1], "DevVarULongArray": [1], "DevVarUShortArray": [2],
}


def until(what, check, seconds=10):
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise TimeoutError("waited for " + what)
        time.sleep(0.02)


def filled(history, name):
    """Whether a polled object has been polled a few times."""
    try:
        return len(history(name, 10)) > 3
    except tango.DevFailed as error:
        if error.args[0].reason in ("API_NoDataYet", "API_AttrNotPolled"):
            return False
        raise


def information_steps(r, d):
    r.step("info", lambda: {k: getattr(d.info(), k) for k in ("dev_class", "dev_type", "doc_url", "server_id", "server_version")})
    for name in ("name", "state", "status", "adm_name", "description", "get_idl_version", "get_tango_lib_version", "alias", "is_locked", "is_locked_by_me"):
        r.step(name, getattr(d, name))
    r.step("commands", d.command_list_query)
    for name in ("DevDouble", "devdouble", "State", "nothing"):
        r.step("command_query " + name, d.command_query, name)
    r.step("attribute names", d.get_attribute_list)
    for config in d.attribute_list_query_ex():
        r.note("config " + config.name, config)
    r.step("config of none", d.get_attribute_config_ex, "nothing")
    r.step("config of some", d.get_attribute_config_ex, ["Wave", "nothing"])
    r.step("pipes", d.get_pipe_list)
    r.step("pipe config", d.get_pipe_config)
    r.step("pipe", d.read_pipe, "string_long_short_ro")
    r.step("no pipe", d.read_pipe, "nothing")
    r.step("write pipe", d.write_pipe, "string_long_short_ro", ("x", [{"name": "a", "value": 1}]))


def reading_steps(r, d, when):
    r.prefix = when + ": read "
    for name in d.get_attribute_list():
        r.step(name, d.read_attribute, name)
    r.step("nothing", d.read_attribute, "nothing")
    r.step("several", d.read_attributes, ["Double_Scalar_W", "nothing", "throw_exception", "no_value", "State"])
    r.step("none", d.read_attributes, [])
    for source in (tango.DevSource.CACHE, tango.DevSource.CACHE_DEV):
        d.set_source(source)
        r.step(f"from {source}", d.read_attribute, "string_scalar")
        r.step(f"command from {source}", d.command_inout, "State")
    d.set_source(tango.DevSource.DEV)
    r.prefix = ""


def foreign_value(d, name, like, value):
    """Writes an attribute with the wire type of another one."""
    config = d.get_attribute_config_ex(like)[0]
    config.name = name
    return d.write_attribute(config, value)


def writing_steps(r, d):
    r.prefix = "write "
    for name, value in {**SCALARS, **ARRAYS}.items():
        r.step(name, d.write_attribute, name, value)
        r.step(name + " and read", d.read_attribute, name)
    for name in ("double_scalar_rww", "short_scalar_ro", "State"):
        r.step(name, d.write_attribute, name, 1)
    r.step("nothing", foreign_value, d, "nothing", "long_scalar", 1)
    r.step("long as double", foreign_value, d, "double_scalar", "long_scalar", 1)
    r.step("double as string", foreign_value, d, "string_scalar", "double_scalar", 1)
    r.step("spectrum as scalar", foreign_value, d, "long_scalar", "long_spectrum", [1, 2])
    r.step("scalar as spectrum", foreign_value, d, "long_spectrum", "long_scalar", 1)
    r.step("not a number", d.write_attribute, "double_scalar", float("nan"))
    r.step("infinite", d.write_attribute, "float_scalar", float("inf"))
    r.step("too long", d.write_attribute, "double_spectrum", numpy.zeros(4097))
    r.step("too wide", d.write_attribute, "double_image", numpy.zeros((2, 252)))
    r.step("too high", d.write_attribute, "double_image", numpy.zeros((252, 2)))
    r.step("empty spectrum", d.write_attribute, "double_spectrum", numpy.zeros(0))
    r.step("empty spectrum and read", d.read_attribute, "double_spectrum")
    r.step("several", d.write_attributes, [("double_scalar", 1.0), ("long_scalar", 2)])
    r.step("several, some wrong", d.write_attributes, [("double_scalar", float("nan")), ("long_scalar_w", 77), ("float_scalar", float("inf"))])
    r.step("several, some wrong, and read", d.read_attribute, "long_scalar_w")
    d.write_attributes([("long_scalar_w", 78), ("float_scalar", 5.5)])
    r.step("and read in one", d.write_read_attribute, "string_scalar", "both")
    r.step("and read others", d.write_read_attributes, [("string_scalar", "more")], ["boolean_scalar", "nothing"])
    r.step("and read refused", d.write_read_attribute, "double_scalar", float("nan"))
    r.prefix = ""


def command_steps(r, d):
    r.prefix = "command "
    for name, value in ARGUMENTS.items():
        r.step(name, d.command_inout, name, value)
        if isinstance(value, list):
            r.step(name + " empty", d.command_inout, name, [])
    for name in ("DumpExecutionState", "CrashFromOmniThread", "CrashFromDevelopperThread"):
        r.step(name, d.command_inout, name)
    for turn in ("one", "two"):
        r.step("SwitchStates " + turn, d.command_inout, "SwitchStates")
        r.step("State " + turn, lambda: [d.state(), d.status(), d.read_attribute("State").value])
    r.step("nothing", d.command_inout, "nothing")
    wrong = tango.DeviceData()
    wrong.insert(tango.DevString, "text")
    r.step("of a wrong type", d.command_inout_raw, "DevDouble", wrong)
    r.step("with an argument too many", d.command_inout_raw, "DevVoid", wrong)
    r.step("with an argument too few", d.command_inout_raw, "DevDouble", tango.DeviceData())
    r.step("in any case", d.command_inout, "devstring", "x")
    r.prefix = ""


def configured(d, name, **changes):
    """Changes members of an attribute's configuration; `alarms_`, `ch_`, `per_`, `arch_` name the inner structures."""
    config = d.get_attribute_config_ex(name)[0]
    inner = {"alarms": config.alarms, "ch": config.events.ch_event, "per": config.events.per_event, "arch": config.events.arch_event}
    for key, value in changes.items():
        first, _, rest = key.partition("__")
        setattr(inner[first] if rest else config, rest or key, value)
    d.set_attribute_config(config)
    return d.get_attribute_config_ex(name)[0]


def configuration_steps(r, d):
    r.prefix = "configure "
    r.step("texts", configured, d, "double_scalar", label="a label", unit="mm", description="words", format="%8.3f", standard_unit="m", display_unit="um")
    r.step("limits", configured, d, "double_scalar", min_value="-10", max_value="10.5")
    r.step("below", d.write_attribute, "double_scalar", -11)
    r.step("above", d.write_attribute, "double_scalar", 10.6)
    r.step("on the limit", d.write_attribute, "double_scalar", 10.5)
    r.step("crossed limits", configured, d, "double_scalar", min_value="20", max_value="10")
    r.step("equal limits", configured, d, "double_scalar", min_value="10", max_value="10")
    r.step("no number", configured, d, "double_scalar", max_value="ten")
    r.step("limit of a text", configured, d, "string_scalar", max_value="10")
    r.step("limit of a boolean", configured, d, "boolean_scalar", min_value="0")
    r.step("fraction for a whole number", configured, d, "long_scalar", max_value="10.5")
    r.step("events", configured, d, "double_scalar", ch__abs_change="0.5", ch__rel_change="1,2", per__period="500", arch__archive_abs_change="1", arch__archive_rel_change="2", arch__archive_period="3000")
    r.step("wrong threshold", configured, d, "double_scalar", ch__abs_change="x")
    r.step("negative threshold", configured, d, "double_scalar", ch__abs_change="-3")
    r.step("wrong period", configured, d, "double_scalar", per__period="x")
    r.step("threshold of a text", configured, d, "string_scalar", ch__abs_change="1")
    for text in ("Not specified", "", "NaN"):
        r.step(f"max_value to '{text}'", configured, d, "double_scalar", max_value=text)
        r.step(f"unit to '{text}'", configured, d, "double_scalar", unit=text, label=text, description=text, format=text)
        r.step(f"uchar_spectrum to '{text}'", configured, d, "uchar_spectrum", max_value=text, description=text)
        r.step(f"events to '{text}'", configured, d, "double_scalar", ch__abs_change=text, per__period=text, arch__archive_period=text)
    r.step("nothing", foreign_config, d, "nothing")
    r.step("State", configured, d, "State", label="my state")
    r.prefix = ""


def alarm_steps(r, d):
    r.prefix = "alarm "
    r.step("alarms", configured, d, "uchar_spectrum", alarms__max_alarm="100", alarms__max_warning="50")
    r.step("crossed alarms", configured, d, "uchar_spectrum", alarms__max_alarm="10", alarms__min_alarm="20")
    for value in (10, 60, 110):
        d.write_attribute("uchar_spectrum", [1, value])
        r.step(f"alarm at {value}", d.read_attribute, "uchar_spectrum")
        r.step(f"State at {value}", lambda: [d.state(), d.status(), d.read_attribute("State").value])
    r.step("no alarms", configured, d, "uchar_spectrum", alarms__max_alarm="Not specified", alarms__max_warning="Not specified")
    r.step("set and read differ", configured, d, "double_spectrum", alarms__delta_t="1", alarms__delta_val="0.1")
    r.step("delta without value", configured, d, "double_spectrum", alarms__delta_t="0", alarms__delta_val="Not specified")
    r.step("State without alarms", lambda: [d.state(), d.status()])
    r.prefix = ""


def foreign_config(d, name):
    config = d.get_attribute_config_ex("double_scalar")[0]
    config.name = name
    d.set_attribute_config(config)


def polling_steps(r, d, admin):
    r.prefix = "polling "
    r.step("attribute", d.poll_attribute, "string_scalar", 50)
    r.step("command", d.poll_command, "DevVoid", 60)
    r.step("State", d.poll_attribute, "State", 70)
    r.step("failing", d.poll_attribute, "throw_exception", 80)
    r.step("wrong names", d.poll_attribute, "nothing", 50)
    r.step("wrong command", d.poll_command, "nothing", 50)
    r.step("command with an argument", d.poll_command, "DevDouble", 50)
    r.step("too fast", d.poll_attribute, "wave", 1)
    for name in ("string_scalar", "double_scalar", "State", "throw_exception", "nothing"):
        r.step("is polled " + name, d.is_attribute_polled, name)
        r.step("period of " + name, d.get_attribute_poll_period, name)
    r.step("is polled DevVoid", d.is_command_polled, "DevVoid")
    r.step("period of DevVoid", d.get_command_poll_period, "DevVoid")
    until("polling", lambda: filled(d.attribute_history, "string_scalar"))
    until("polling of a command", lambda: filled(d.command_history, "DevVoid"))
    until("polling of a failure", lambda: filled(d.attribute_history, "throw_exception"))
    r.step("status", lambda: [line.split("\n")[:3] for line in sorted(d.polling_status())])
    r.step("history", d.attribute_history, "string_scalar", 2)
    r.step("history of State", d.attribute_history, "State", 2)
    r.step("history of failures", d.attribute_history, "throw_exception", 2)
    r.step("history of a command", d.command_history, "DevVoid", 2)
    r.step("history of another", d.attribute_history, "wave2", 2)
    r.step("history of an unpolled one", d.attribute_history, "long_scalar", 2)
    r.step("history of an unpolled command", d.command_history, "DevDouble", 2)
    d.set_source(tango.DevSource.CACHE)
    r.step("cached", d.read_attribute, "string_scalar")
    r.step("cached failure", d.read_attribute, "throw_exception")
    r.step("cached and not", d.read_attributes, ["string_scalar", "boolean_scalar"])
    r.step("cached command", d.command_inout, "DevVoid")
    d.set_source(tango.DevSource.DEV)
    r.step("changed period", d.poll_attribute, "string_scalar", 100)
    r.step("changed period read", d.get_attribute_poll_period, "string_scalar")
    for name, value in {
        "AddObjPolling twice": ([200], [d.dev_name(), "attribute", "string_scalar"]),
        "AddObjPolling of a pipe": ([200], [d.dev_name(), "pipe", "x"]),
        "AddObjPolling of little": ([200], [d.dev_name(), "attribute"]),
        "AddObjPolling elsewhere": ([200], ["no/such/device", "attribute", "x"]),
        "UpdObjPollingPeriod": ([300], [d.dev_name(), "attribute", "string_scalar"]),
        "UpdObjPollingPeriod of none": ([300], [d.dev_name(), "attribute", "long_scalar"]),
    }.items():
        r.step(name, admin.command_inout, name.split(" ")[0], value)
    r.step("PolledDevice", admin.command_inout, "PolledDevice")
    r.step("DevPollStatus elsewhere", admin.command_inout, "DevPollStatus", "no/such/device")
    for name in ("StopPolling", "Status", "StartPolling", "Status"):
        r.step(f"{name} {len(r.answers)}", admin.command_inout, name)
    for name in ("string_scalar", "State", "throw_exception", "wave"):
        r.step("stop " + name, d.stop_poll_attribute, name)
    r.step("stop DevVoid", d.stop_poll_command, "DevVoid")
    r.step("stop again", d.stop_poll_attribute, "string_scalar")
    r.step("RemObjPolling of none", admin.command_inout, "RemObjPolling", [d.dev_name(), "command", "DevVoid"])
    r.step("status at the end", d.polling_status)
    r.prefix = ""


OTHER = """
import sys, json, tango
sys.path.insert(0, sys.argv[2])
from differential_record import Recorder
d, r = tango.DeviceProxy(sys.argv[1]), Recorder(json.loads(sys.argv[3]))
CALLS = {
    "command": lambda: d.command_inout("DevVoid"), "State": lambda: d.command_inout("State"),
    "read": lambda: d.read_attribute("string_scalar"), "write": lambda: d.write_attribute("string_scalar", "x"),
    "configure": lambda: d.set_attribute_config(d.get_attribute_config_ex("ampli")), "lock": lambda: d.lock(10),
    "unlock": lambda: d.unlock(), "is_locked": lambda: d.is_locked(), "is_locked_by_me": lambda: d.is_locked_by_me(),
}
for line in sys.stdin:
    when, name = line.strip().split(",")
    r.step(f"other {name} {when}", CALLS[name])
    print(json.dumps(r.answers), flush=True)
"""


def locking_steps(r, d, url, database):
    """A second client tries what the first one has locked, then locks itself and is unlocked by force."""
    r.prefix = "lock "
    words = [sys.executable, "-c", OTHER, url, os.path.dirname(os.path.abspath(__file__)), json.dumps(r.masks)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:

        def ask(*lines):
            for line in lines:
                other.stdin.write(line + "\n")
                other.stdin.flush()
                for name, answer in json.loads(other.stdout.readline()).items():
                    r.answers[r.prefix + name] = answer

        r.step("", d.lock, 10)
        info = tango.LockerInfo()
        for name in ("is_locked", "is_locked_by_me", "locking_status"):
            r.step(name, getattr(d, name))
        r.step("locker", lambda: [d.get_locker(info), str(info.ll)])
        r.step("own command", d.command_inout, "DevVoid")
        names = ["command", "State", "read", "write", "lock", "unlock", "is_locked", "is_locked_by_me"]
        if database:
            names.append("configure")
        ask(*(f"while locked,{name}" for name in names))
        r.step("unlock", d.unlock)
        r.step("unlock again", d.unlock)
        ask("after unlock,command", "after unlock,lock")
        r.step("command while other has it", d.command_inout, "DevVoid")
        r.step("status while other has it", d.locking_status)
        r.step("force", d.unlock, True)
        r.step("status after force", d.locking_status)
        ask("after force,is_locked", "after force,command", "after force,unlock")
        other.stdin.close()
        other.wait(10)
    r.prefix = ""


def black_box_steps(r, d):
    r.prefix = "black box "
    d.ping()
    d.command_inout("DevVoid")
    d.read_attribute("string_scalar")
    d.read_attributes(["string_scalar", "boolean_scalar"])
    d.write_attribute("string_scalar", "x")
    d.get_attribute_config_ex("wave")
    r.step("", lambda: [line.split(" : ", 1)[1] for line in d.black_box(8)])
    r.step("zero", d.black_box, 0)
    r.prefix = ""


def admin_steps(r, d, admin, name):
    r.prefix = "admin "
    r.step("commands", admin.command_list_query)
    r.step("info", lambda: {k: getattr(admin.info(), k) for k in ("dev_class", "dev_type", "server_id", "server_version")})
    for command in ("State", "Status", "QueryClass", "QueryDevice", "QuerySubDevice"):
        r.step(command, admin.command_inout, command)
    for command in ("QueryWizardClassProperty", "QueryWizardDevProperty"):
        for of in ("TangoTest", "nothing"):
            r.step(f"{command} {of}", admin.command_inout, command, of)
    for level in (0, 3, 5, 9):
        r.step(f"SetLoggingLevel {level}", admin.command_inout, "SetLoggingLevel", ([level], [name]))
        r.step(f"GetLoggingLevel {level}", admin.command_inout, "GetLoggingLevel", [name])
    r.step("GetLoggingLevel elsewhere", admin.command_inout, "GetLoggingLevel", ["no/such/device"])
    r.step("GetLoggingLevel of all", lambda: sorted(admin.command_inout("GetLoggingLevel", ["*"])[1]))
    r.step("SetLoggingLevel of little", admin.command_inout, "SetLoggingLevel", ([1, 2], [name]))
    r.step("targets", admin.command_inout, "GetLoggingTarget", name)
    for target in ("console::cout", "file::/tmp/bandoneon-differential.log", "device::no/such/device", "nothing", "bad::x"):
        r.step("add target " + target, admin.command_inout, "AddLoggingTarget", [name, target])
        r.step("targets with " + target, lambda: sorted(admin.command_inout("GetLoggingTarget", name)))
        r.step("remove target " + target, admin.command_inout, "RemoveLoggingTarget", [name, target])
    r.step("add target to little", admin.command_inout, "AddLoggingTarget", [name])
    r.step("targets elsewhere", admin.command_inout, "GetLoggingTarget", "no/such/device")
    r.step("StopLogging", admin.command_inout, "StopLogging")
    r.step("StartLogging", admin.command_inout, "StartLogging")
    r.step("DevRestart elsewhere", admin.command_inout, "DevRestart", "no/such/device")
    r.step("lock itself", admin.command_inout, "LockDevice", ([10], [admin.dev_name()]))
    r.step("lock status", admin.command_inout, "DevLockStatus", name)
    r.step("lock status elsewhere", admin.command_inout, "DevLockStatus", "no/such/device")
    r.step("EventConfirmSubscription of little", admin.command_inout, "EventConfirmSubscription", ["a", "b"])
    r.step("ZmqEventSubscriptionChange of little", admin.command_inout, "ZmqEventSubscriptionChange", ["a", "b"])
    r.step("EventSubscriptionChange of little", admin.command_inout, "EventSubscriptionChange", ["a", "b"])
    r.step("nothing", admin.command_inout, "nothing")
    r.prefix = ""


def restart_steps(r, d, admin):
    r.prefix = "restart "
    d.write_attribute("boolean_scalar", False)
    r.step("Init", d.command_inout, "Init")
    r.step("after Init", lambda: [d.state(), d.read_attribute("boolean_scalar")])
    r.step("DevRestart", admin.command_inout, "DevRestart", d.dev_name())
    r.step("after DevRestart", lambda: [d.state(), d.read_attribute("boolean_scalar"), d.read_attribute("double_scalar_w")])
    r.prefix = ""


def main():
    url, database = sys.argv[1], sys.argv[2] == "yes"
    d = tango.DeviceProxy(url)
    d.set_timeout_millis(10000)
    name, admin_name = d.dev_name(), d.adm_name()
    r = Recorder([(admin_name.split("dserver/")[-1], "SERVER"), (name, "DEVICE"), (os.uname().nodename, "HOST")])
    suffix = url.partition("#")[2]
    admin_url = admin_name if "://" in admin_name else url[: url.index(name)] + admin_name
    admin = tango.DeviceProxy(admin_url + ("#" + suffix if suffix and "#" not in admin_url else ""))
    information_steps(r, d)
    reading_steps(r, d, "fresh")
    writing_steps(r, d)
    command_steps(r, d)
    reading_steps(r, d, "written")
    if database:  # without one the native server dies of any changed configuration
        configuration_steps(r, d)
        alarm_steps(r, d)
    polling_steps(r, d, admin)
    event_steps(r, d, until, filled, database)
    locking_steps(r, d, url, database)
    black_box_steps(r, d)
    admin_steps(r, d, admin, name)
    restart_steps(r, d, admin)
    reading_steps(r, d, "restarted")
    print(json.dumps(r.answers))
    sys.stdout.flush()
    os._exit(0)  # the event threads of the library may take seconds to stop


if __name__ == "__main__":
    main()
