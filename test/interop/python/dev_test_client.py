"""Asks a DevTest server what the C++ client suites ask, and prints every answer that is not the expected one.

dev_test_client.py URL_OF_DEVICE_1 URL_OF_DEVICE_2 URL_OF_ADMIN
"""
import sys
import threading
import time

import tango

first, second, admin = (tango.DeviceProxy(url) for url in sys.argv[1:4])
for proxy in (first, second, admin):
    proxy.set_timeout_millis(8000)
wrong = []
asked = 0


def reason(call, *args):
    try:
        call(*args)
    except tango.DevFailed as error:
        return error.args[0].reason
    return "no error"


def plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def check(what, got, expected):
    global asked
    asked += 1
    if plain(got) != plain(expected):
        wrong.append(f"{what}: {plain(got)!r} instead of {plain(expected)!r}")


def value(name):
    return second.read_attribute(name).value


def wait(what, condition, seconds=8):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            wrong.append("waited for " + what)
            return
        time.sleep(0.02)


# values of all shapes, on the second device; the first one is in ALARM once attr_dq_lo was read
for name, expected in {
    "Short_attr": 12, "Long_attr": 1246, "Long64_attr": 300, "Double_attr": 3.2, "String_attr": "test_string",
    "Short_spec_attr": [10, 20, 30, 40], "Double_spec_attr": [1.11, 2.22], "String_spec_attr": ["Hello world", "Hello universe"],
    "Short_ima_attr": [[40, 60], [80, 100]], "Long_ima_attr": [[0, 1, 2], [3, 4, 5]], "String_ima_attr": [["Hello milky way"], ["Hello moon"]],
    "Boolean_attr": True, "UShort_attr": 111, "UChar_attr": 88, "ULong_attr": 100, "ULong64_attr": 200, "Float_attr": 4.5,
    "Boolean_spec_attr": [True, True, False, True, True], "UChar_spec_attr": [28, 45, 156, 34, 200, 12],
    "Enum_attr_rw": 1, "Enum_spec_attr_rw": [1, 0, 3], "ULong64_attr_rw": 13835058055282163712, "Event64_change_tst": [34359738368, 44],
    "SlowAttr": 3.3, "Sub_device_tst": True, "State_spec_attr_rw": [tango.DevState.ON, tango.DevState.OFF],
}.items():
    check(name, value(name), expected)
check("Encoded_attr", value("Encoded_attr"), ("Which format?", b"abcd"))
check("Encoded_image", value("Encoded_image")[0], "JPEG_GRAY8")
check("Encoded_image is a JPEG file", value("Encoded_image")[1][:3], b"\xff\xd8\xff")
for name, expected in {
    "attr_no_data": "API_AttrValueNotSet", "attr_wrong_type": "API_AttrOptProp", "attr_wrong_size": "API_AttrOptProp",
    "attr_no_alarm": "API_AttrNoAlarm", "DynEnum_attr": "API_AttrOptProp", "ReynaldPollAttr": "API_AttrValueNotSet",
}.items():
    check(name, reason(second.read_attribute, name), expected)
check("PollLong_attr", [value("PollLong_attr") for _ in range(3)], [6666, 5555, 6666])
check("type", second.info().dev_type, "TestDevice")

# state, alarms and allowed states
check("state", str(first.state()), "ON")
first.read_attribute("attr_dq_lo")
check("status", first.status(), "The device is in ALARM state.\nAlarm : Quality factor set to ALARM for attribute attr_dq_lo")
check("command in ALARM", reason(first.command_inout, "IOLong", 1), "API_CommandNotAllowed")
check("pipe in ALARM", reason(first.read_pipe, "RPipe"), "API_PipeNotAllowed")
first.command_inout("IOSetAttr", 7)
first.command_inout("Init")
check("ALARM stays after Init", str(first.state()), "ALARM")
admin.command_inout("DevRestart", first.dev_name())
check("ALARM ends with a restart", str(first.state()), "ON")

# commands
for name, argument, expected in [
    ("IOLong", 21, 42), ("IOShort", 20000, -25536), ("IOBool", True, False), ("IOString", "abc", "cba"), ("IODouble", 1.5, 3.0),
    ("IOULong", 2**31, 0), ("IOCharArray", [1, 2, 3], [3, 2, 1]), ("IOLongArray", [1, 2], [2, 4]), ("IOStringArray", ["a", "b"], ["b", "a"]),
    ("IOTemplInOut", 2.0, [2.0, 4.0]), ("IOShortSleep", [3, 0], 6), ("IODevByName", second.dev_name().upper(), second.dev_name()),
]:
    check(name, second.command_inout(name, argument), expected)
check("IOLongString", second.command_inout("IOLongString", ([1, 2], ["x"])), [[2, 4], ["x"]])
check("IOEncoded", second.command_inout("IOEncoded", ("f", b"\x01\x80")), ("Returned string", b"\x02\x00"))
check("IOExcept", reason(second.command_inout, "IOExcept"), "API_ThrowException")
check("IOThrow", reason(second.command_inout, "IOThrow", ([1], ["Mine"])), "Mine")
check("IOPollStr1", [second.command_inout("IOPollStr1"), reason(second.command_inout, "IOPollStr1")], ["Odd value from IOPollStr1", "qqq"])
check("IODevByName of none", reason(second.command_inout, "IODevByName", "a/b/c"), "API_DeviceNotFound")
check("IODevListByClass", second.command_inout("IODevListByClass", "devtest"), first.dev_name().rpartition("/")[0])
check("SubDeviceTst", second.command_inout("SubDeviceTst"), True)
check("SetGetAlarms", second.command_inout("SetGetAlarms")[:5], ["Double_attr", "-999.99", "-888.88", "888.88", "999.99"])
check("SetGetRanges", second.command_inout("SetGetRanges")[-3:], ["UShort_attr_w", "0", "40000"])

# writing: set points, hook, memorized, limits
second.write_attribute("ULong_attr_rw", 2000)
check("set point from the handler", second.read_attribute("ULong_attr_rw").w_value, 1111)
second.command_inout("IOInitWAttr")
check("set points from code", [second.read_attribute(n).w_value for n in ("Short_attr_w", "Long_attr_w", "String_attr_w")], [10, 100, "Init"])
check("Short_attr_with_w", second.read_attribute("Short_attr_with_w").w_value, 10)
second.command_inout("WriteAttrHardwareThrow", 1)
check("hook", reason(second.write_attribute, "Short_attr_w2", 5), "DevTest_WriteAttrHardware")
second.command_inout("WriteAttrHardwareThrow", 0)
check("rolled back", second.read_attribute("Short_attr_w2").w_value, 0)
second.command_inout("IOSetWAttrLimit", [1.0, 20.0])
check("limit", reason(second.write_attribute, "Double_attr_w", 21.0), "API_WAttrOutsideLimit")
second.write_attribute("Short_attr_w", 33)
second.command_inout("IOAttrThrowEx", [4, 1])
second.command_inout("Init")
check("memorized value that fails", second.status(), "The device is in ALARM state.\nMemorized attribute Short_attr_w has failed during device startup sequence")
check("and its reading", reason(second.read_attribute, "Short_attr_w"), "Aaaa")
second.command_inout("IOAttrThrowEx", [4, 0])
second.write_attribute("Short_attr_w", 34)
check("until it is written", str(second.state()), "ON")

# enumerations, dynamic attributes and commands
second.command_inout("SetEnumLabels")
check("labels", list(second.get_attribute_config("DynEnum_attr").enum_labels), ["Zero", "One", "Two", "Three"])
check("DynEnum_attr", value("DynEnum_attr"), 2)
second.command_inout("AddEnumLabel", "Four")
second.command_inout("IOAddAttribute", "Added_short_attr")
second.command_inout("IOAddAttribute", "Added_short_attr")
config = second.get_attribute_config("Added_short_attr")
check("Added_short_attr", [config.label, config.description, config.format], ["Test label", "Test description", "Illisible"])
second.command_inout("IORemoveAttribute", "Added_short_attr")
check("removed attribute", reason(second.read_attribute, "Added_short_attr"), "API_AttrNotFound")
second.command_inout("IOAddCommand", 0)
check("Added_cmd", [first.command_inout("Added_cmd"), second.command_inout("Added_cmd")], [4.0, 4.0])
second.command_inout("IORemoveCommand")
check("removed command", reason(first.command_inout, "Added_cmd"), "API_CommandNotFound")

# polling
admin.command_inout("AddObjPolling", ([0], [second.dev_name(), "attribute", "Poll_buffRW"]))
admin.command_inout("AddObjPolling", ([0], [second.dev_name(), "attribute", "Poll_buff"]))
second.command_inout("IOFillPollBuffAttr")
check("filled history", [plain(r.value) for r in second.attribute_history("Poll_buff", 3)][0], [["One_1", "Two_1"], ["Three_1", "Four_1"]])
check("filled set point", plain(second.attribute_history("Poll_buffRW", 1)[0].w_value), [["One_wr_3", "Two_wr_3"]])
check("trigger of what is not polled", reason(second.command_inout, "IOTrigPoll", "IOStr1"), "API_PollObjNotFound")
check("fill of what is not polled", reason(second.command_inout, "IOFillPollBuffCmd"), "API_PollObjNotFound")
lines = second.command_inout("IOPollingInDevice")
check("polling from inside", [line.rpartition(" ")[2] for line in lines], ["false", "false", "0", "0", "true", "true", "250", "250", "false", "false", "0", "0"])
second.command_inout("IOSophisticatedPollInDevice")
messages = []
wait("the periods", lambda: (messages.extend(second.command_inout("IOGetPollMess")), len(messages) >= 9)[1])
check("periods changed while reading", [line.rpartition(" ")[2] for line in messages], ["500", "250", "250", "500", "500", "500", "500", "250", "250"])

# pipes
for case, expected in {0: "BlobCase0", 3: "BlobCase3", 5: "API_PipeValueNotSet", 6: "API_PipeDuplicateDEName", 9: "BlobCase9", 12: "BlobCase12"}.items():
    second.command_inout("SetPipeOutput", case)
    check(f"pipe {case}", reason(second.read_pipe, "rPIPE") if expected.startswith("API") else second.read_pipe("rPIPE")[0], expected)
check("RWPipe", second.read_pipe("RwPiPe")[1][0]["value"], 666)
check("pipe that is read only", reason(second.write_pipe, "RPipe", ("x", [{"name": "a", "value": 1}])), "API_PipeNotWritable")
check("pipe configuration", [second.get_pipe_config("PipeConf2").label, second.get_pipe_config("PipeConf6").description], ["PipeLabel", "UserDefinedDesc"])

# events, also those to which the device itself subscribes
got = {}
lock = threading.Lock()


def collect(kind):
    def callback(event):
        with lock:
            got.setdefault(kind, []).append(event)

    return callback


ids = [
    second.subscribe_event("fast_actuator", tango.EventType.CHANGE_EVENT, collect("change")),
    second.subscribe_event("Long_attr", tango.EventType.DATA_READY_EVENT, collect("ready")),
    second.subscribe_event("Event_change_tst", tango.EventType.USER_EVENT, collect("user")),
    second.subscribe_event("RWPipe", tango.EventType.PIPE_EVENT, collect("pipe")),
    second.subscribe_event(tango.EventType.INTERFACE_CHANGE_EVENT, collect("interface")),
]


def last(kind):
    with lock:
        return got.get(kind, [None])[-1]


def pushed(what, push, arrived):
    """The first event to a new subscriber may be lost, as with native servers."""
    end = time.monotonic() + 8
    while time.monotonic() < end:
        push()
        time.sleep(0.1)
        if arrived():
            check(what, True, True)
            return
    check(what, False, True)


pushed("change", lambda: second.write_attribute("fast_actuator", 5.5), lambda: len(got.get("change", [])) > 2 and last("change").attr_value.value == 5.5)
pushed("data ready", lambda: second.command_inout("PushDataReady", ([12], ["Long_attr"])), lambda: "ready" in got and last("ready").ctr == 12)
pushed("user", lambda: second.command_inout("IOPushEvent"), lambda: len(got.get("user", [])) > 1 and plain(last("user").attr_value.value) == [10, 20, 30, 40])
pushed("pipe", lambda: second.command_inout("PushPipeEvent", 4), lambda: len(got.get("pipe", [])) > 1 and last("pipe").pipe_value.data_elt_nb == 2)
pushed("pipe error", lambda: second.command_inout("PushPipeEvent", 3), lambda: last("pipe").err and last("pipe").errors[0].reason == "aaa")
pushed("interface", lambda: (second.command_inout("IOAddCommand", 1), second.command_inout("IORemoveCommand")), lambda: len(got.get("interface", [])) > 1)
for number in ids:
    second.unsubscribe_event(number)
own = first.command_inout("IOSubscribeEvent", [second.dev_name(), "Short_attr", "periodic"])
wait("events inside", lambda: first.command_inout("IOGetCbExecuted") > 1)
first.command_inout("IOUnSubscribeEvent", own)
check("unknown subscription", reason(first.command_inout, "IOUnSubscribeEvent", 999), "DevTest_WrongEventID")

# the admin device
check("level", admin.command_inout("GetLoggingLevel", [admin.dev_name()])[0][0], 5)
check("targets", list(admin.command_inout("GetLoggingTarget", admin.dev_name())), ["console::cout"])
check("number of admin commands", len(admin.command_list_query()), 32)

print("\n".join(wrong))
print(f"{asked} asked, {len(wrong)} wrong")
sys.stdout.flush()
import os  # noqa: E402

os._exit(1 if wrong else 0)  # the event threads of the library may take seconds to stop
