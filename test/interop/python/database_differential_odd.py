"""Steps of database_differential.py with odd arguments: too few, odd characters, too long."""

import tango

VALUES = {
    "single quote": "it's", "double quote": 'say "x"', "backslash": "a\\b", "backslash at the end": "a\\", "backslash n": "a\\nb",
    "two backslashes": "a\\\\b", "backslash quote": "a\\'b", "backslash double quote": 'a\\"b', "newline": "a\nb", "tab": "a\tb",
    "return": "a\r\nb", "latin1": "\u00e9\u00b5\u00fc\u00df\u00ff\u00a0", "control": "\x01\x1b\x7f", "percent": "100%_x", "blank": " ", "blanks": "  a  ",
    "trailing blank": "a ", "SQL": "'); DROP TABLE device; --", "null": "NULL", "comment": "a /- b -- c # d", "quote at the start": "'a",
    "double quote at the start": '"a', "c1": "\u0080\u009f", "question mark": "a?b", "at": "@a :b $1",
}
LATIN1 = ("latin1", "c1")
ESCAPED = ("backslash quote", "backslash double quote")
LENGTHS = (255, 256, 1000, 65535, 65536, 100000)


def text_steps(r):
    """Values and names with odd characters."""
    for name, value in VALUES.items():
        r.prefix = "text, latin1: " if name in LATIN1 else "text, escaped: " if name in ESCAPED else "text: "
        for kind, put, get in (("device", "DbPutDeviceProperty", "DbGetDeviceProperty"), ("class", "DbPutClassProperty", "DbGetClassProperty"), ("object", "DbPutProperty", "DbGetProperty")):
            r.raw(put, ["t1/t/1", "1", "text", "2", value, "next"], f"{kind} {name}")
            r.raw(get, ["t1/t/1", "text"], f"{kind} {name}")
        r.raw("DbPutDeviceAttributeProperty2", ["t1/t/1", "1", "att", "1", "text", "1", value], name)
        r.raw("DbGetDeviceAttributeProperty2", ["t1/t/1", "att"], name)
        r.raw("DbPutDevicePipeProperty", ["t1/t/1", "1", "pipe", "1", "text", "1", value], name)
        r.raw("DbGetDevicePipeProperty", ["t1/t/1", "pipe"], name)
    for number, (name, value) in enumerate(VALUES.items()):
        r.prefix = "name, latin1: " if name in LATIN1 else "name, SQL: " if set(value) & set("'\"\\") else "name: "
        r.raw("DbGetDeviceProperty", ["t1/t/1", value], name)
        r.raw("DbGetDeviceWideList", value, name)
        r.raw("DbGetServerList", value + "*", name)
        r.raw("DbImportDevice", value, name)
        r.raw("DbGetAliasDevice", value, name)
        r.raw("DbGetServerInfo", value, name)
        r.raw("DbGetDevicePropertyList", ["t1/t/1", value], name)
        r.raw("DbPutDeviceProperty", [f"t2/t/{number}", "1", "p" + value + "q", "1", "v"], name)
        r.raw("DbGetDeviceProperty", [f"t2/t/{number}", "p" + value + "q"], name)
        r.raw("DbGetDevicePropertyList", [f"t2/t/{number}", "*"], name)
    r.prefix = "latin1: "
    r.raw("DbAddDevice", ["S\u00e9rvo/\u00fc", "caf\u00e9/m\u00f6t/\u00b51", "Motor"])
    for name in ("caf\u00e9/m\u00f6t/\u00b51", "CAF\u00c9/M\u00d6T/\u00b51", "cafe/mot/\u00b51", "caf\u00e9/m\u00f6t/u1"):
        r.raw("DbImportDevice", name)
    for pattern in ("caf\u00e9/*", "CAF\u00c9/*", "cafe/*", "*\u00b5*"):
        r.raw("DbGetDeviceWideList", pattern)
    r.raw("DbGetServerList", "S\u00e9*")
    r.raw("DbDeleteServer", "S\u00e9rvo/\u00fc")
    r.prefix = "length: "
    for length in LENGTHS:
        r.raw("DbPutDeviceProperty", ["t1/t/3", "1", "long", "1", "x" * length], f"value of {length}")
        r.step(f"value of {length} read", lambda: [len(v) for v in r.database.command_inout("DbGetDeviceProperty", ["t1/t/3", "long"])])
    for length in (85, 86):
        name = "n" * length
        for device in (f"{name}/a/b", f"a/{name}/b", f"a/b/{name}"):
            r.raw("DbAddDevice", ["Long/1", device, "Motor"], f"field of {length} {device.index(name)}")
    r.raw("DbDeleteServer", "Long/1")
    for length in (250, 255, 256, 1000):
        name = "n" * length
        r.raw("DbPutDeviceProperty", ["t1/t/3", "1", name, "1", "x"], f"property name of {length}")
        r.raw("DbPutDeviceProperty", [f"t1/t/{name}", "1", "p", "1", "x"], f"device with properties of {length}")
        r.raw("DbPutDeviceAlias", ["b1/mot/01", name], f"alias of {length}")
        r.raw("DbImportDevice", name, f"{length}")
        r.raw("DbGetDeviceProperty", ["t1/t/3", name], f"name of {length}")
        r.raw("DbPutServerInfo", [f"S/{name}", "host", "1", "1"], f"server of {length}")
        r.raw("DbExportEvent", [name, "IOR:1", "h", "1", "5"], f"event of {length}")
        r.raw("DbPutAttributeAlias", [f"b1/mot/01/{name}", "long"], f"attribute of {length}")
    r.raw("DbDeleteDeviceAlias", "n" * 255)
    r.step("many values", r.database.command_inout, "DbPutDeviceProperty", ["t1/t/4", "1", "many", "3000", *map(str, range(3000))])
    r.step("many values read", lambda: r.database.command_inout("DbGetDeviceProperty", ["t1/t/4", "many"]))
    r.step("many properties", r.database.command_inout, "DbPutDeviceProperty", ["t1/t/5", "300", *(w for i in range(300) for w in (f"p{i}", "1", f"v{i}"))])
    r.step("many properties listed", lambda: r.database.command_inout("DbGetDevicePropertyList", ["t1/t/5", "*"]))


def odd_steps(r):
    """Every command without a proper argument: lists too short, empty strings, wrong types."""
    r.prefix = "odd: "
    r.raw("DbNothing")
    for info in r.database_device.command_list_query():
        name = info.cmd_name
        if not name.startswith("Db"):
            continue
        if info.in_type == tango.CmdArgType.DevString:
            for argument in ("", "/", "//", "a/b/c/d/e", "*/*", "**"):
                r.raw(name, argument)
        elif info.in_type == tango.CmdArgType.DevVarStringArray:
            for argument in ([], ["x"], ["x/y/z"], ["x", "y"], ["", ""]):
                r.raw(name, argument)
        wrong = tango.DeviceData()
        wrong.insert(tango.DevDouble, 1.5)
        r.step(name + " of a wrong type", r.database.command_inout_raw, name, wrong)
        r.step(name + " without argument", r.database.command_inout_raw, name)
    r.step("in any case", r.database.command_inout, "dbgetserverlist", "Motors*")
