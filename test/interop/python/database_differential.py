"""Drives one Tango database with PyTango and prints everything it answered: database_differential.py HOST:PORT

The same calls run against two databases that hold nothing but themselves; the caller compares the two outputs field by
field. What a new native database brings along is removed first.
"""
import json
import os
import re
import socket
import sys

import tango
from database_differential_odd import odd_steps, text_steps
from database_differential_properties import member_steps, property_steps
from database_differential_pytango import pytango_steps
from database_differential_select import select_steps
from differential_record import Recorder

DEVICES = [
    # server, device, class
    ("Motors/one", "b1/mot/01", "Motor"), ("Motors/one", "b1/mot/02", "Motor"), ("Ctrl/one", "b1/ctrl/ice", "Controller"),
    ("Motors/two", "Mixed/Case/Dev", "Motor"), ("Counters/one", "b1/ct/1", "Counter"), ("Counters/two_x", "b2/ct_x/1", "Counter"),
    ("Coun%ters/a", "b2/ctyx/1", "Other"), ("motors_x/one", "b1/mot/a-b.c", "Motor"), ("Zed/z", "zed/a/1", "zClass"),
]
PATTERNS = [
    "*", "", "b1/*", "b1/mot/*", "B1/MOT/*", "*/mot/*", "b?/*", "b_/*", "%", "b1%", "*1", "b1/mot/01", "B1/mot/01", "b1", "m*",
    "M*/*", "motors/one", "Motors/*", "motors_x/*", "Coun%*", "nothing", "*_*", "host*", "HOST1", "nada", "f*st", "**", "b1/*/*/*",
    "first", "FIRST", "Motor", "mot%", "DServer", "d*",
]


class DatabaseRecorder(Recorder):
    """Masks what differs between any two databases, and names raw calls after command and argument."""

    def __init__(self, database, masks):
        super().__init__(masks)
        self.database = database
        self.database_device = None

    def text(self, value):
        value = re.sub(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", "TIME", value)
        return super().text(value)

    def plain(self, value):
        if isinstance(value, tango.DbHistory):
            return [value.get_name(), "TIME", value.is_deleted(), self.plain(value.get_value())]
        if isinstance(value, tango.DbDatum):
            return [value.name, self.plain(value.value_string)]
        return super().plain(value)

    def raw(self, command, argument=None, label=None):
        """Executes a command; the same call again gets a number."""
        name = f"{command} {label or json.dumps(argument)}"
        key, again = name, 1
        while self.prefix + key in self.answers:
            again += 1
            key = f"{name} #{again}"
        if argument is None:
            return self.step(key, self.database.command_inout, command)
        return self.step(key, self.database.command_inout, command, argument)


def wipe(db):
    """Removes what a new database contains, except itself."""
    own = set(db.command_inout("DbGetServerList", "DataBaseds/*"))
    for server in db.command_inout("DbGetServerList", "*"):
        if server not in own:
            db.command_inout("DbDeleteServer", server)
            db.command_inout("DbDeleteServerInfo", server)
    for name in ("DServer", "Database", "Starter", "TangoTest", "TangoAccessControl", "TangoRestServer"):
        properties = db.command_inout("DbGetClassPropertyList", name)
        if properties:
            db.command_inout("DbDeleteClassProperty", [name, *properties])
    for name in db.command_inout("DbGetObjectList", "*"):
        db.command_inout("DbDeleteProperty", [name, *db.command_inout("DbGetPropertyList", [name, "*"])])


def information_steps(r, device):
    r.prefix = "information: "
    r.step("commands", lambda: [[c.cmd_name, c.cmd_tag, c.in_type, c.out_type, c.disp_level] for c in device.command_list_query()])
    void, missing = tango.CmdArgType.DevVoid, "Uninitialised"
    r.step("described", lambda: [[c.cmd_name, c.in_type_desc != missing, c.out_type == void or c.out_type_desc != missing] for c in device.command_list_query()])
    for config in device.attribute_list_query_ex():
        # words, units and lengths may differ
        config.description = config.unit = ""
        config.max_dim_x = min(config.max_dim_x, 64)
        r.note("config " + config.name, config)
    info = device.info()
    r.note("info", [info.dev_class, info.dev_type, info.server_id, info.server_version])
    for name in ("name", "state", "status", "adm_name", "get_idl_version"):
        r.step(name, getattr(device, name))
    for name in ("StoredProcedureRelease", "State", "Status"):
        r.step("read " + name, device.read_attribute, name)
    r.prefix = "timing: "
    timed = list(device.read_attribute("Timing_index").value)
    r.note("sorted", timed == sorted(timed))
    native = set(
        "DbDeleteDeviceProperty DbExportDevice DbExportEvent DbGetClassPropertyList DbGetDataForServerCache DbGetDeviceAttributeProperty"
        " DbGetDeviceAttributeProperty2 DbGetDeviceClassList DbGetDeviceDomainList DbGetDeviceExportedList DbGetDeviceFamilyList"
        " DbGetDeviceMemberList DbGetDeviceProperty DbGetDevicePropertyList DbGetHostList DbGetHostServerList DbGetServerList"
        " DbImportDevice DbImportEvent DbInfo DbMySqlSelect DbPutClassProperty DbPutDeviceAttributeProperty"
        " DbPutDeviceAttributeProperty2 DbPutDevicePipeProperty DbPutDeviceProperty DbUnExportServer DbGetDevicePipeProperty".split()
    )
    r.note("all that are timed natively", native <= set(timed))
    r.step("ResetTimingValues", device.command_inout, "ResetTimingValues")
    for _ in range(3):
        device.command_inout("DbGetServerList", "*")

    def timing(column):
        return dict(zip(timed, device.read_attribute("Timing_" + column).value))

    r.note("calls", {name: calls for name, calls in timing("calls").items() if calls and name in native})
    ordered = [timing(column)["DbGetServerList"] for column in ("minimum", "average", "maximum")]
    r.note("ordered", ordered == sorted(ordered) and ordered[0] > 0)
    table = device.read_attribute("Timing_info").value
    r.note("table", table[:4])
    r.note("table line", [re.sub(r"\d+\.\d+", "N", line) for line in table if line.startswith("DbGetServerList\t")])
    r.note("lengths", len({len(device.read_attribute("Timing_" + c).value) for c in ("calls", "index", "average", "minimum", "maximum")}))
    r.step("ResetTimingValues again", device.command_inout, "ResetTimingValues")
    r.note("calls after", [calls for calls in timing("calls").values() if calls])


def definition_steps(r):
    r.prefix = "definition: "
    for device in DEVICES:
        r.raw("DbAddDevice", list(device))
    r.raw("DbAddDevice", ["Motors/one", "b1/mot/03", "Motor", "third"])
    r.raw("DbAddDevice", ["Motors/one", "b1/mot/03", "Motor"])
    r.raw("DbGetDeviceAlias", "b1/mot/03")
    r.raw("DbAddDevice", ["Case/one", "Case/Case/1", "Casual"])
    r.raw("DbAddDevice", ["case/ONE", "case/CASE/1", "casual"])
    r.raw("DbGetDeviceList", ["Case/one", "*"])
    r.raw("DbGetClassForDevice", "CASE/case/1")
    r.raw("DbDeleteServer", "CASE/one")
    r.raw("DbGetDeviceWideList", "case/*")
    r.raw("DbAddDevice", ["Motors/one", "tango:b1/mot/04", "Motor"])
    r.raw("DbAddDevice", ["Motors/one", "tango://host:1/b1/mot/05", "Motor"])
    r.raw("DbAddDevice", ["Motors/one", "TANGO:b1/mot/06", "Motor"])
    r.raw("DbAddDevice", ["Motors/one", "taco://host/b1/mot/07", "Motor", "seventh"])
    r.raw("DbGetDeviceWideList", "*")
    r.prefix = "bad name: "
    for name in ("b1/mot", "b1//01", "/mot/01", "b1/mot/", "b1/mot/01/more", "b1/mot/*", "", "b1", "//", "tango:", "tango://host"):
        r.raw("DbAddDevice", ["Wrong/names", name, "Motor"])
        r.raw("DbDeleteDevice", name)
    r.raw("DbGetDeviceList", ["Wrong/names", "*"])
    r.raw("DbDeleteServer", "Wrong/names")
    r.prefix = "definition: "
    r.raw("DbAddServer", ["Many/1", "many/a/1", "A", "many/a/2", "B", "Many/A/3", "A"])
    r.raw("DbAddServer", ["Many/1", "many/a/4", "A"])
    r.raw("DbGetDeviceClassList", "Many/1")
    r.raw("DbGetDeviceClassList", "many/1")
    r.raw("DbGetDeviceServerClassList", "Many/1")
    r.raw("DbAddServer", ["Many/2", "many/b/1"])
    r.prefix = "half a server: "
    r.raw("DbAddServer", ["Many/2", "many/b/1", "A", "many/b/2"])
    r.raw("DbAddServer", ["Many/2", "many/b/3", "A", "wrong", "A"])
    r.raw("DbGetDeviceClassList", "Many/2")
    r.raw("DbDeleteServer", "Many/2")
    r.prefix = "definition: "
    r.raw("DbAddServer", [])
    r.raw("DbAddServer", ["Many/3"])
    r.raw("DbAddDevice", ["Many/3", "many/c/1"])
    r.raw("DbGetDeviceWideList", "many/*")
    for name in ("b1/mot/01", "b1/ctrl/ice", "unknown/a/b", "third", "", "*", "B1/MOT/01"):
        r.raw("DbGetClassForDevice", name)
        r.raw("DbGetClassInheritanceForDevice", name)
    r.raw("DbPutClassProperty", ["Motor", "1", "InheritedFrom", "2", "Movable", "Device_5Impl"])
    r.raw("DbGetClassInheritanceForDevice", "b1/mot/01")
    r.raw("DbPutClassProperty", ["Motor", "1", "InheritedFrom", "1", "Controller"])
    r.raw("DbPutClassProperty", ["Controller", "1", "InheritedFrom", "1", "Device_5Impl"])
    r.raw("DbGetClassInheritanceForDevice", "b1/mot/01")
    r.raw("DbGetClassInheritanceForDevice", "b1/ctrl/ice")
    r.raw("DbDeleteClassProperty", ["Motor", "InheritedFrom"])
    r.raw("DbDeleteClassProperty", ["Controller", "InheritedFrom"])


def export_steps(r):
    r.prefix = "export: "
    for name in ("b1/mot/01", "B1/mot/01", "unknown/a/b", "first", "", "dserver/Motors/one", "b1/mot/03", "*", "tango:b1/mot/01"):
        r.raw("DbImportDevice", name)
        r.raw("DbGetDeviceInfo", name)
    r.raw("DbPutDeviceAlias", ["b1/mot/01", "first"])
    r.raw("DbImportDevice", "FIRST")
    r.raw("DbGetDeviceInfo", "FIRST")
    r.raw("DbExportDevice", ["B1/MOT/01", "IOR:0001", "host1.some.domain", "1234", "5"])
    r.raw("DbExportDevice", ["b1/mot/02", "IOR:0002", "host2", "null", "4"])
    r.raw("DbExportDevice", ["b1/ctrl/ice", "IOR:0003", "host3", "x12", "5"])
    r.raw("DbExportDevice", ["b1/ct/1", "IOR:0003", "host3", "12x", "5"])
    r.raw("DbExportDevice", ["zed/a/1", "", "", "", ""])
    r.raw("DbExportDevice", ["dserver/motors/one", "IOR:0004", "host1.some.domain", "1234", "5"])
    r.raw("DbExportDevice", ["dserver/Counters/one", "IOR:0005", "host10", "99", "5", "more"])
    r.raw("DbExportDevice", ["dserver/Zed/z", "IOR:0005", "host1", "7", "5"])
    r.raw("DbExportDevice", ["unknown/a/b", "IOR:0001", "host1", "1", "5"])
    r.raw("DbExportDevice", ["dserver/unknown/a", "IOR:0001", "host1", "1", "5"])
    r.raw("DbExportDevice", ["first", "IOR:0001", "host1", "1", "5"])
    r.raw("DbExportDevice", ["b1/mot/01", "IOR:0001", "host1", "1"])
    for name in ("b1/mot/01", "b1/mot/02", "b1/ctrl/ice", "b1/ct/1", "zed/a/1", "dserver/Motors/one"):
        r.raw("DbImportDevice", name)
        r.raw("DbGetDeviceInfo", name)
    r.raw("DbGetDeviceExportedList", "*")
    r.raw("DbGetDeviceExportedList", "first")
    r.raw("DbGetExportdDeviceListForClass", "Motor")
    r.raw("DbUnExportDevice", "B1/mot/02")
    r.raw("DbUnExportDevice", "unknown/a/b")
    r.raw("DbUnExportDevice", "")
    r.raw("DbUnExportDevice", "first")
    r.raw("DbImportDevice", "b1/mot/02")
    r.raw("DbGetDeviceInfo", "b1/mot/02")
    r.raw("DbGetDeviceInfo", "b1/mot/01")
    r.raw("DbUnExportServer", "unknown/one")
    r.raw("DbUnExportServer", "counters/one")
    r.raw("DbUnExportServer", "*")
    r.raw("DbUnExportDevice", "*")
    r.raw("DbGetDeviceExportedList", "*")


def list_steps(r):
    r.prefix = "list: "
    commands = (
        "DbGetDeviceWideList", "DbGetDeviceExportedList", "DbGetDeviceDomainList", "DbGetDeviceFamilyList", "DbGetDeviceMemberList",
        "DbGetDeviceClassList", "DbGetDeviceServerClassList", "DbGetClassList", "DbGetExportdDeviceListForClass", "DbGetServerList",
        "DbGetServerNameList", "DbGetInstanceNameList", "DbGetHostList", "DbGetHostServerList", "DbGetHostServersInfo",
        "DbGetDeviceAliasList",
    )
    for command in commands:
        for pattern in PATTERNS:
            r.raw(command, pattern)
    for server in ("Motors/one", "motors/*", "*", "", "Motors/o_e", "counters/two_x", "Coun%ters/a", "unknown/one"):
        for name in ("*", "Motor", "MOTOR", "m*", "", "DServer", "Mo_or"):
            r.raw("DbGetDeviceList", [server, name])
    for argument in ([], ["*"], ["*", "*", "*"]):
        r.raw("DbGetDeviceList", argument)


def server_steps(r):
    r.prefix = "server: "
    for info in (
        ["Motors/one", "host1.some.domain", "1", "3"], ["Counters/one", "host10", "0", "0"], ["Unknown/one", "", "1", "2"],
        ["counters/TWO_X", "host7", "1", "5"], ["Motors/two", "host2", "-1", "-2"], ["Odd/1", "host2", "1", "2", "more"],
        ["Odd/2", "host2", "1"], [], ["MANY/1", "", "1", "4"],
    ):
        r.raw("DbPutServerInfo", info)
    for name in ("Motors/one", "motors/ONE", "Counters/one", "Unknown/one", "unknown/one", "counters/two_x", "Motors/two", "Odd/1", "*", "", "Zed/z", "many/1"):
        r.raw("DbGetServerInfo", name)
    for host in ("host1", "host1.some.domain", "HOST1", "host10", "host*", "*", "", "nada", "host3", "host7"):
        r.raw("DbGetHostServersInfo", host)
        r.raw("DbGetHostServerList", host)
    # exporting an admin device moves the record
    r.raw("DbExportDevice", ["dserver/Counters/one", "IOR:0005", "host11", "99", "5"])
    r.raw("DbGetServerInfo", "Counters/one")
    r.raw("DbPutServerInfo", ["COUNTERS/one", "host12", "1", "7"])
    r.raw("DbGetServerInfo", "Counters/one")
    r.raw("DbDeleteServerInfo", "COUNTERS/ONE")
    r.raw("DbDeleteServerInfo", "unknown/other")
    r.raw("DbDeleteServerInfo", "*")
    r.raw("DbGetServerInfo", "Counters/one")
    for names in (
        ["Zed/z", "Zed/y"], ["Zed/z", "Zed/x"], ["Zed/y", "Motors/one"], ["Zed/y", "zed/Y"], ["Unknown/q", "Unknown/r"], ["Zed", "Zed/y"], ["Zed/y", "Zed"],
        ["Zed/y"], [], ["Zed/y", "Zed/x", "more"], ["Motors/two", "Motors/three"],
    ):
        r.raw("DbRenameServer", names)
    r.raw("DbPutDeviceProperty", ["dserver/Motors/three", "1", "polling_threads_pool_size", "1", "5"])
    r.raw("DbPutDeviceAttributeProperty2", ["dserver/Motors/three", "1", "State", "1", "label", "1", "words"])
    r.raw("DbRenameServer", ["Motors/three", "Motors/four"])
    r.raw("DbGetDeviceProperty", ["dserver/Motors/four", "polling_threads_pool_size"])
    r.raw("DbGetDeviceAttributeProperty2", ["dserver/Motors/four", "State"])
    r.raw("DbGetDeviceList", ["Motors/four", "*"])
    r.prefix = "renamed server: "
    for name in ("Motors/two", "Motors/four"):
        r.raw("DbGetServerInfo", name)
        r.raw("DbDeleteServerInfo", name)
    r.prefix = "server: "
    r.raw("DbGetServerList", "*")
    r.raw("DbGetDeviceInfo", "dserver/Zed/y")
    r.raw("DbGetDeviceFamilyList", "dserver/*")
    for name in ("Unknown/q", "unknown", "", "*", "Motors/*", "Mot%/four", "a/b/c", "/"):
        r.raw("DbDeleteServer", name)
    r.raw("DbPutDeviceProperty", ["zed/a/1", "1", "kept", "1", "yes"])
    r.raw("DbPutDeviceProperty", ["dserver/zed/y", "1", "kept", "1", "yes"])
    r.raw("DbPutDeviceAttributeProperty2", ["zed/a/1", "1", "at", "1", "label", "1", "L"])
    r.raw("DbPutDevicePipeProperty", ["zed/a/1", "1", "pipe", "1", "label", "1", "L"])
    r.raw("DbPutAttributeAlias", ["zed/a/1/at", "zedat"])
    r.raw("DbPutServerInfo", ["Zed/y", "host2", "1", "2"])
    r.raw("DbDeleteServer", "ZED/Y")
    r.raw("DbGetDeviceProperty", ["zed/a/1", "kept"])
    r.raw("DbGetDeviceProperty", ["dserver/Zed/y", "kept"])
    r.raw("DbGetDeviceAttributeList", ["zed/a/1", "*"])
    r.raw("DbGetDevicePipeList", ["zed/a/1", "*"])
    r.raw("DbGetDevicePropertyHist", ["zed/a/1", "*"])
    r.raw("DbGetAttributeAliasList", "zed*")
    r.raw("DbGetServerInfo", "Zed/y")
    r.raw("DbGetDeviceWideList", "*zed*")
    r.raw("DbImportDevice", "dserver/zed/y")
    r.raw("DbAddDevice", ["Zed/z", "zed/a/1", "zClass"])
    r.raw("DbPutDeviceProperty", ["zed/a/1", "1", "kept", "1", "yes"])


def alias_steps(r):
    r.prefix = "alias: "
    for argument in (
        ["b1/mot/02", "second"], ["B1/MOT/02", "Second"], ["b1/mot/03", "SECOND"], ["b1/mot/03", "with/slash"], ["b1/mot/03", "with space"],
        ["b1/mot/03"], [], ["b1/mot/03", "third", "more"], ["unknown/a/b", "unknown"], ["b1/mot", "short"], ["", "empty"], ["b1/mot/02", "other"],
        ["tango:b1/mot/02", "prefixed"], ["b1/mot/01", "a*b"], ["b1/mot/01", "a_b"], ["b1/mot/01", "a-b"],
    ):
        r.raw("DbPutDeviceAlias", argument)
        r.raw("DbGetDeviceAliasList", "*")
    for name in ("second", "SECOND", "other", "prefixed", "unknown", "a*", "a_b", "a-b", "aXb", "b1/mot/01"):
        r.raw("DbGetAliasDevice", name)
    for name in ("b1/mot/02", "B1/MOT/02", "b1/mot/01", "unknown/a/b", "", "b1/mot/*", "tango:b1/mot/01", "b1/ct/1", "b1", "third"):
        r.raw("DbGetDeviceAlias", name)
    r.raw("DbPutDeviceAlias", ["b1/mot/01", "first"])
    for name in ("THIRD", "unknown", "", "*", "first", "seventh"):
        r.raw("DbDeleteDeviceAlias", name)
        r.raw("DbGetDeviceAliasList", "*")
    r.prefix = "empty alias: "
    r.raw("DbPutDeviceAlias", ["b1/mot/02", ""])
    r.raw("DbPutDeviceAlias", ["b1/ct/1", ""])
    r.raw("DbAddDevice", ["Motors/one", "b1/mot/08", "Motor", ""])
    for command in ("DbGetDeviceAliasList", "DbGetAliasDevice", "DbImportDevice", "DbGetDeviceInfo"):
        r.raw(command, "")
    r.raw("DbDeleteDeviceAlias", "")
    r.raw("DbDeleteDeviceAlias", "other")
    r.prefix = "attribute alias: "
    for argument in (
        ["b1/mot/01/position", "pos"], ["B1/MOT/01/Position", "Pos"], ["b1/mot/02/position", "POS"], ["b1/mot/02/position", "pos2"],
        ["b1/mot/02/position", "pos3"], ["b1/mot/02", "short"], ["b1/mot/02/a/b", "long"], ["x", "x"], ["", ""], ["b1/mot/03/position", ""],
        ["b1/mot/03/position", "with/slash"], ["b1/mot/03/position", "with space"], ["tango:b1/mot/03/position", "prefixed"],
        ["tango://host:1/b1/mot/03/state", "far"], ["TANGO:b1/mot/03/status", "upper"], ["b1/mot/03/position"], [], ["unknown/a/b/c", "unknown", "more"],
        ["b1/mot/02/state", "ab"],
    ):
        r.raw("DbPutAttributeAlias", argument)
        r.raw("DbGetAttributeAliasList", "*")
    for name in ("pos", "POS", "pos2", "pos3", "prefixed", "far", "unknown", "zz", "", "*", "p*", "aXb"):
        r.raw("DbGetAttributeAlias", name)
        r.raw("DbGetAliasAttribute", name)
        r.raw("DbGetAttributeAliasList", name)
    for name in ("b1/mot/01/position", "B1/Mot/01/POSITION", "b1/mot/02/position", "b1/mot/03/position", "unknown/a/b/d", "", "b1/*", "pos"):
        r.raw("DbGetAttributeAlias2", name)
    for name in ("POS3", "zz", "", "*", "prefixed"):
        r.raw("DbDeleteAttributeAlias", name)
        r.raw("DbGetAttributeAliasList", "*")
    r.raw("DbDeleteDevice", "b1/mot/03")
    r.raw("DbGetAttributeAliasList", "*")


def event_steps(r):
    r.prefix = "event: "
    for argument in (
        ["notifd/factory/host1", "IOR:01", "host1", "123", "5"], ["Notifd/Factory/HOST1", "IOR:02", "host2", "-1", "4"], ["bad", "IOR:02", "host2", "null", "4"], ["short", "IOR:01", "host1", "123"], [],
        ["b1/mot/01", "IOR:03", "host3", "x", "5", "more"], ["", "", "", "", ""],
    ):
        r.raw("DbExportEvent", argument)
    for name in ("notifd/factory/host1", "NOTIFD/factory/host1", "b1/mot/01", "unknown", "", "*", "notifd/*"):
        r.raw("DbImportEvent", name)
    for name in ("NOTIFD/factory/host1", "unknown", "", "*"):
        r.raw("DbUnExportEvent", name)
    for name in ("notifd/factory/host1", "b1/mot/01"):
        r.raw("DbImportEvent", name)


def cache_steps(r):
    r.prefix = "cache: "
    r.raw("DbPutClassProperty", ["Motor", "2", "zeta", "1", "z", "Alpha", "2", "a", "b"])
    r.raw("DbPutClassAttributeProperty2", ["Motor", "2", "position", "1", "unit", "1", "mm", "Acc", "1", "label", "1", "A"])
    r.raw("DbPutClassPipeProperty", ["Motor", "1", "pipe", "1", "label", "1", "P"])
    r.raw("DbPutDeviceProperty", ["b1/mot/01", "3", "zeta", "1", "z", "Alpha", "2", "a", "", "polled_attr", "2", "position", "100"])
    r.raw("DbPutDevicePipeProperty", ["b1/mot/01", "1", "pipe", "1", "label", "1", "P"])
    r.raw("DbPutClassProperty", ["Default", "1", "default_property", "1", "d"])
    r.raw("DbPutClassProperty", ["DServer", "1", "AllowedAccessCmd", "2", "A", "B"])
    for server in ("Motors/one", "motors/ONE", "Counters/one", "Zed/z", "Unknown/one", "Many/1", "", "*", "Motors/*", "Motors/o_e"):
        for host in ("host1", "host1%%9", "", "HOST1%%8", "%%"):
            r.raw("DbGetDataForServerCache", [server, host])
    for argument in ([], ["Motors/one"], ["Motors/one", "host1", "more"]):
        r.raw("DbGetDataForServerCache", argument)
    r.raw("DbPutProperty", ["CtrlSystem", "2", "Services", "2", "AccessControl/tango:b1/ctrl/ice", "Other/x:b1/ct/1", "EventBufferHwm", "1", "1000"])
    r.raw("DbGetDataForServerCache", ["Counters/one", "host1%%9"], "with services")
    r.raw("DbPutProperty", ["CtrlSystem", "1", "Services", "1", "AccessControl/tango:unknown/a/b"])
    r.raw("DbGetDataForServerCache", ["Counters/one", "host1%%9"], "with unknown service")
    r.raw("DbPutProperty", ["CtrlSystem", "1", "Services", "1", "Other/x:b1/ct/1"])
    r.raw("DbGetDataForServerCache", ["Counters/one", "host1%%9"], "with other service")
    r.raw("DbDeleteProperty", ["CtrlSystem", "Services", "EventBufferHwm"])
    r.raw("DbDeleteClassProperty", ["Default", "default_property"])
    r.raw("DbGetDataForServerCache", ["Counters/one", "host1%%9"], "without services")


def like_steps(r):
    """Names with characters that are special in SQL's LIKE, where the native server forgets to escape them."""
    r.prefix = "LIKE: "
    for name in ("l1/a_b/1", "l1/axb/1"):
        r.raw("DbAddDevice", ["Like_1/x", name, "Motor"])
    r.raw("DbAddDevice", ["Likex1/x", "l1/ayb/1", "Motor"])
    r.raw("DbGetDeviceClassList", "Likex1/x")
    r.raw("DbExportDevice", ["l1/a_b/1", "IOR:1", "host1", "1", "5"])
    r.raw("DbImportDevice", "l1/axb/1")
    r.raw("DbUnExportDevice", "l1/a%")
    r.raw("DbImportDevice", "l1/a_b/1")
    r.raw("DbPutClassProperty", ["LikeClass", "2", "a_b", "1", "1", "axb", "1", "2"])
    r.raw("DbGetClassProperty", ["LikeClass", "a_b", "%"])
    r.raw("DbGetClassPropertyList", "LikeClas_")
    r.raw("DbPutDeviceAttributeProperty2", ["l1/a_b/1", "2", "a_b", "1", "label", "1", "1", "axb", "1", "label", "1", "2"])
    r.raw("DbGetDeviceAttributeProperty2", ["l1/a_b/1", "a_b"])
    r.raw("DbGetDeviceAttributeProperty2", ["l1/a_b/1", "%"])
    r.raw("DbDeleteDeviceAttribute", ["l1/a_b/1", "a_b"])
    r.raw("DbGetDeviceAttributeList", ["l1/a_b/1", "*"])
    r.raw("DbPutAttributeAlias", ["b1/mot/01/one", "l_e"])
    r.raw("DbPutAttributeAlias", ["b1/mot/01/two", "lxe"])
    r.raw("DbGetAttributeAlias", "lx_")
    r.raw("DbGetForwardedAttributeListForDevice", "p1/q%")
    for name in ("l1/a_b/1", "l1/axb/1", "l1/ayb/1"):
        r.raw("DbDeleteDevice", name)
    for name in ("Like_1/x", "Likex1/x"):
        r.raw("DbDeleteServer", name)
    for alias in ("l_e", "lxe"):
        r.raw("DbDeleteAttributeAlias", alias)
    r.raw("DbDeleteClassProperty", ["LikeClass", "*"])


def info_steps(r, before):
    """The counts of DbInfo: rows that the calls above have left, and what one more call of a kind adds to the histories."""

    def counts():
        lines = r.database.command_inout("DbInfo")
        return [[int(n) for n in re.findall(r"= *(\d+)", line)] for line in lines]

    r.prefix = "DbInfo: "
    lines = r.database.command_inout("DbInfo")
    r.note("text", [re.sub(r"\d+", "N", re.sub(r"since .*", "since", line)) for line in lines])
    r.note("rows", [[b - a for a, b in zip(*pair)][:1] for pair in zip(before, counts())])
    for command, argument in {
        "DbPutDeviceProperty": ["i/n/1", "1", "p", "2", "x", "y"], "DbPutClassProperty": ["Info", "1", "p", "2", "x", "y"], "DbPutProperty": ["info", "1", "p", "1", "x"],
        "DbPutDeviceAttributeProperty2": ["i/n/1", "1", "a", "2", "p", "1", "x", "q", "1", "y"], "DbPutClassAttributeProperty2": ["Info", "1", "a", "1", "p", "1", "x"],
        "DbPutDevicePipeProperty": ["i/n/1", "1", "a", "1", "p", "1", "x"], "DbDeleteDeviceProperty": ["i/n/1", "p"], "DbDeleteDevice": "i/n/1",
        "DbDeleteProperty": ["info", "p"], "DbDeleteClassProperty": ["Info", "p"], "DbDeleteClassAttribute": ["Info", "a"],
    }.items():
        then = counts()
        r.database.command_inout(command, argument)
        r.note(command, [[b - a for a, b in zip(*pair)] for pair in zip(then, counts())])


def main(address):
    host, port = address.split(":")
    db = tango.Database(host, int(port))
    device = tango.DeviceProxy(f"tango://{address}/sys/database/2")
    own = socket.gethostname()
    masks = [(address, "ENDPOINT"), ("localhost:" + port, "ENDPOINT"), (f"{own}:{port}", "ENDPOINT"), (own, "HOST"), (port, "PORT")]
    r = DatabaseRecorder(db, masks)
    r.database_device = device
    wipe(db)
    before = [[int(n) for n in re.findall(r"= *(\d+)", line)] for line in db.command_inout("DbInfo")]
    information_steps(r, device)
    definition_steps(r)
    export_steps(r)
    alias_steps(r)
    list_steps(r)
    server_steps(r)
    event_steps(r)
    property_steps(r)
    member_steps(r)
    select_steps(r)
    cache_steps(r)
    like_steps(r)
    r.prefix = "databases: "
    r.raw("DbGetCSDbServerList")
    r.raw("DbAddDevice", ["DataBaseds/3", "sys/database/3", "DataBase"])
    own = db.command_inout("DbImportDevice", "sys/database/2")[1][1]
    r.raw("DbExportDevice", ["sys/database/3", own, "host1", "1", "5"], "with the reference of the other")
    r.raw("DbGetCSDbServerList")
    r.raw("DbExportDevice", ["sys/database/3", "nonsense", "host1", "1", "5"])
    r.raw("DbGetCSDbServerList")
    r.raw("DbDeleteServer", "DataBaseds/3")
    info_steps(r, before)
    text_steps(r)
    odd_steps(r)
    pytango_steps(r, db, address)
    r.prefix = ""
    r.step("Init", device.command_inout, "Init")
    print(json.dumps(r.answers))


if __name__ == "__main__":
    os.environ["TANGO_HOST"] = sys.argv[1]
    # else the client itself asks the access control service that one of the steps defines
    os.environ["SUPER_TANGO"] = "true"
    main(sys.argv[1])
