"""Steps of database_differential.py about properties and their histories, the same for each kind of holder."""

import json

PLAIN = {
    # kind: (put, get, delete, list or None, history, holder)
    "object": ("DbPutProperty", "DbGetProperty", "DbDeleteProperty", "DbGetPropertyList", "DbGetPropertyHist", "Free_object"),
    "class": ("DbPutClassProperty", "DbGetClassProperty", "DbDeleteClassProperty", "DbGetClassPropertyList", "DbGetClassPropertyHist", "SomeClass"),
    "device": ("DbPutDeviceProperty", "DbGetDeviceProperty", "DbDeleteDeviceProperty", "DbGetDevicePropertyList", "DbGetDevicePropertyHist", "p1/q_x/1"),
}


def property_steps(r):
    """Properties of free objects, classes and devices."""
    for kind, commands in PLAIN.items():
        plain_steps(r, kind, *commands)
    r.prefix = "object: "
    for pattern in ("*", "", "free*", "FREE_OBJECT", "Free_o%", "Free?object", "none", "*_*"):
        r.raw("DbGetObjectList", pattern)


def plain_steps(r, kind, put, get, delete, names, history, holder):
    r.prefix = f"{kind}: "

    # what the native server does with half an argument stays apart
    bad = holder.replace("1", "9") if kind == "device" else holder + "9"

    def listed(pattern="*"):
        r.raw(names, holder if kind == "class" else [holder, pattern])

    r.raw(put, [holder, "3", "empty", "1", "", "one", "1", "1", "Two", "3", "a", "b", "c"])
    r.raw(put, [holder, "1", "two_x", "2", "x", "y"])
    for asked in (
        ["one"], ["ONE"], ["Two", "one"], ["two"], ["missing"], ["missing", "one", "missing"], ["empty"], ["*"], ["o*"], ["T*"], ["two_*"], ["two_X"],
        ["none*"], ["*x"], [""], ["one", "ONE"],
    ):
        r.raw(get, [holder, *asked])
    r.raw(get, [holder.upper(), "one"])
    r.raw(get, [holder])
    r.raw(get, ["unknown/a/b", "one"])
    r.raw(get, [holder.replace("_", "X"), "one"])
    r.raw(get, ["", ""])
    for pattern in ("*", "", "o*", "ONE", "two_x", "two%", "*_*", "none", "*e*", "TWO_*"):
        listed(pattern)
    if kind == "class":
        for name in ("*", "some*", "SOMECLASS", "none"):
            r.raw(names, name)
    else:
        r.raw(names, [holder])
        r.raw(names, [holder, "*", "more"])
        r.raw(names, ["*", "*"])
        r.raw(names, ["", ""])
    # replaced, in another spelling
    r.raw(put, [holder.upper(), "1", "ONE", "2", "p", "q"])
    r.raw(get, [holder, "one"])
    listed()
    r.raw(history, [holder, "one"])
    r.raw(history, [holder, "*"])
    # without values, twice in one call
    r.raw(put, [holder, "1", "none", "0"])
    r.raw(get, [holder, "none"])
    r.raw(put, [holder, "1", "one", "0"])
    r.raw(get, [holder, "one"])
    r.raw(history, [holder, "one"])
    r.raw(put, [holder, "2", "same", "1", "first", "SAME", "2", "second", "third"])
    r.raw(get, [holder, "same"])
    r.raw(history, [holder, "same"])
    r.raw(put, [holder, "0"])
    # more than said, and spelled as atoi reads it
    r.raw(put, [holder, "1", "more", "1", "x", "rest"])
    r.raw(put, [holder, " 1", "blank", " 2", "x", "y"])
    r.raw(put, [holder, "1x", "letter", "1y", "x"])
    r.raw(put, [holder, "+1", "plus", "+1", "x"])
    r.raw(put, [holder, "1.9", "fraction", "1.9", "x"])
    r.raw(put, [holder, "1", "s p a c e", "1", "x y"])
    r.raw(put, [holder, "1", "per%cent", "1", "x%y_z"])
    listed()
    r.raw(get, [holder, "blank", "letter", "plus", "fraction", "s p a c e", "per%cent"])
    r.prefix = f"refused, {kind}: "
    r.raw(put, [bad, "-1", "minus", "1", "x"])
    r.raw(put, [bad, "x", "text", "1", "x"])
    r.raw(put, [bad, "", "void", "1", "x"])
    r.raw(put, [bad, "1", "negative", "-1", "x"])
    r.raw(put, [bad, "1", "word", "x", "x"])
    r.raw(put, [bad, "1", "star*", "1", "x*y"])
    r.raw(put, [bad, "1", "", "1", "nameless"])
    r.raw(names, bad if kind == "class" else [bad, "*"])
    r.database.command_inout(delete, [bad, "*"])
    r.prefix = f"{kind}: "
    # deleted
    r.raw(delete, [holder, "more"])
    r.raw(get, [holder, "more"])
    r.raw(history, [holder, "more"])
    r.raw(delete, [holder, "MISSING"])
    r.raw(delete, [holder.upper(), "TWO", "blank"])
    r.raw(history, [holder, "two"])
    r.raw(history, [holder.upper(), "TWO"])
    listed()
    r.raw(put, [holder, "1", "Two", "1", "again"])
    r.raw(history, [holder, "two"])
    r.raw(delete, [holder, "s*"])
    listed()
    r.raw(delete, [holder])
    r.raw(delete, [holder, ""])
    r.raw(delete, ["unknown/a/b", "one"])
    r.raw(delete, [holder, "per%cent"])
    listed()
    # ten remembered
    for turn in range(13):
        r.database.command_inout(put, [holder, "1", "deep", str(turn % 3 + 1), *[f"{turn}.{i}" for i in range(turn % 3 + 1)]])
    r.raw(history, [holder, "deep"])
    r.raw(delete, [holder, "deep"])
    r.raw(history, [holder, "deep"])
    r.raw(history, [holder, "DEEP"])
    for _ in range(12):
        r.database.command_inout(put, [holder, "1", "turns", "1", "x"])
        r.database.command_inout(delete, [holder, "turns"])
    r.raw(history, [holder, "turns"])
    for asked in (["*"], ["d*"], ["none"], ["o_e"], [""], [], ["deep", "more"]):
        r.raw(history, [holder, *asked])
    r.raw(history, ["*", "deep"])
    r.raw(history, [])
    r.raw(delete, [holder, "*"])
    listed()


MEMBER = {
    # kind: (words of the commands, holder, has the old layout, has DeleteAll)
    "device attribute": ("DeviceAttribute", "p1/q_x/2", True, True),
    "class attribute": ("ClassAttribute", "Some_class", True, False),
    "device pipe": ("DevicePipe", "p1/q_x/3", False, True),
    "class pipe": ("ClassPipe", "Pipe_class", False, False),
}


def member_steps(r):
    """Properties of attributes and pipes."""
    for kind, facts in MEMBER.items():
        of_members(r, kind, *facts)
    r.prefix = "forwarded: "
    for device, attribute, root in (("f/w/1", "one", "p1/q_x/2/pos"), ("f/w/2", "Two", "P1/Q_X/2/other"), ("f/w/3", "three", "p1/qzy/2/pos"), ("f/w/1", "zero", "p1/q_x/2/a")):
        r.raw("DbPutDeviceAttributeProperty2", [device, "1", attribute, "1", "__root_att", "1", root])
    for name in ("P1/QZY/2", "p1/*", "*", "", "none"):
        r.raw("DbGetForwardedAttributeListForDevice", name)
    # in no particular order, and with `_` for any character
    r.step("sorted", lambda: sorted(r.database.command_inout("DbGetForwardedAttributeListForDevice", "p1/q_x/2")))


def of_members(r, kind, words, holder, old, delete_all):
    r.prefix = f"{kind}: "
    bad = holder.replace("/", "/9") if "device" in kind else holder + "9"
    short = "DbDelete" + words
    put, get = ("DbPut" + words + "Property2", "DbGet" + words + "Property2") if old else ("DbPut" + words + "Property", "DbGet" + words + "Property")
    delete, history = "DbDelete" + words + "Property", "DbGet" + words + "PropertyHist"

    def listed(argument):
        """The lists of classes are in no particular order."""
        name = f"DbGet{words}List {json.dumps(argument)}"
        again = sum(key.startswith(r.prefix + name) for key in r.answers)
        sort = sorted if kind.startswith("class") else list
        r.step(f"{name} #{again}", lambda: sort(r.database.command_inout(f"DbGet{words}List", argument)))

    r.raw(put, [holder, "2", "Pos", "2", "label", "1", "P", "enum", "3", "a", "b", "c", "vel_x", "1", "unit", "1", "mm"])
    r.raw(put, [holder, "1", "a_b", "1", "Zeta", "2", "", ""])
    r.raw(put, [holder, "1", "Bare", "0"])
    for asked in (["Pos"], ["POS", "vel_x"], ["missing"], ["missing", "pos"], ["*"], ["P*"], [""], ["pos", "Pos"], ["a_b"], ["aXb"], []):
        r.raw(get, [holder, *asked])
    r.raw(get, [holder.upper(), "pos"])
    r.raw(get, [holder.replace("_", "X"), "pos"])
    r.raw(get, ["unknown/a/b", "pos"])
    for pattern in ("*", "", "p*", "POS", "vel_x", "vel%", "*_*", "none", "%"):
        listed([holder, pattern])
    for argument in ([holder], ["*", "*"], [holder.upper(), "*"], [holder, "*", "more"]):
        listed(argument)
    if old:
        old_get, old_put = "DbGet" + words + "Property", "DbPut" + words + "Property"
        for asked in (["Pos"], ["POS", "vel_x"], ["missing"], ["*"], [""], [], ["a_b"]):
            r.raw(old_get, [holder, *asked])
        r.raw(old_put, [holder, "2", "old", "2", "label", "L", "Unit", "mm", "old2", "1", "x", ""])
        r.raw(old_get, [holder, "old", "old2"])
        r.raw(get, [holder, "old", "old2"])
        r.raw(old_put, [holder, "1", "OLD", "1", "LABEL", "M"])
        r.raw(old_get, [holder, "old"])
        r.raw(old_put, [holder, "1", "old", "0"])
        r.raw(old_put, [holder, "1", "old", "1x", "y", "z", "rest"])
        r.prefix = f"refused, {kind}: "
        r.raw(old_put, [bad, "x", "old", "1", "y", "z"])
        r.raw(old_put, [bad, "-1", "old", "1", "y", "z"])
        r.raw(old_put, [bad, "1", "old", "-1", "y", "z"])
        r.prefix = f"{kind}: "
        r.raw(old_get, [holder, "old"])
        r.raw(history, [holder, "old", "*"])
    r.raw(put, [holder.upper(), "1", "POS", "2", "LABEL", "1", "Q", "new", "1", "n"])
    r.raw(get, [holder, "Pos"])
    r.raw(history, [holder, "pos", "label"])
    r.raw(put, [holder, "1", "Pos", "1", "label", "0"])
    r.raw(get, [holder, "Pos"])
    r.raw(put, [holder, "0"])
    r.raw(put, [holder, "1", "more", "1", "label", "1", "x", "rest"])
    r.raw(put, [holder, " 1", "blank", " 1", "label", " 1", "x"])
    r.raw(put, [holder, "1x", "letter", "1y", "label", "1z", "x"])
    r.raw(put, [holder, "1", "", "1", "label", "1", "nameless"])
    r.raw(put, [holder, "2", "twin", "1", "label", "1", "first", "TWIN", "1", "Label", "2", "second", "third"])
    r.prefix = f"refused, {kind}: "
    r.raw(put, [bad, "-1", "minus", "1", "label", "1", "x"])
    r.raw(put, [bad, "1", "minus", "-1", "label", "1", "x"])
    r.raw(put, [bad, "1", "minus", "1", "label", "-1", "x"])
    r.raw(put, [bad, "x", "word", "1", "label", "1", "x"])
    r.raw(put, [bad, "1", "nameless", "1", "", "1", "x"])
    r.raw(put, [bad, "1", "star*", "1", "sta*", "1", "x"])
    listed([bad, "*"])
    r.database.command_inout(short, [bad, "%"])
    r.prefix = f"{kind}: "
    r.raw(get, [holder, "twin", "blank", "letter", "more"])
    listed([holder, "*"])
    # set points are no history
    for value in ("1", "2", "3"):
        r.raw(put, [holder, "1", "Pos", "1", "__value", "1", value])
    r.raw(put, [holder, "1", "Pos", "1", "__VALUE", "2", "4", "5"])
    r.raw(get, [holder, "pos"])
    r.raw(history, [holder, "pos", "__value"])
    r.raw(put, [holder, "1", "pos", "1", "__value", "0"])
    r.raw(get, [holder, "pos"])
    r.raw(put, [holder, "1", "pos", "1", "__value", "1", "6"])
    r.raw(delete, [holder, "pos", "__value"])
    r.raw(history, [holder, "pos", "__value"])
    # deleted
    r.raw(delete, [holder, "vel_x", "unit"])
    r.raw(get, [holder, "vel_x"])
    r.raw(history, [holder, "vel_x", "unit"])
    r.raw(delete, [holder.upper(), "POS", "ENUM", "missing"])
    r.raw(history, [holder, "pos", "enum"])
    r.raw(history, [holder.upper(), "POS", "ENUM"])
    r.raw(delete, [holder, "pos"])
    r.raw(delete, [holder])
    r.raw(delete, [])
    r.raw(delete, [holder, "missing", "label"])
    r.raw(delete, ["unknown/a/b", "pos", "label"])
    r.raw(delete, [holder, "pos", "n*"])
    r.raw(delete, [holder, "po*", "new"])
    r.raw(get, [holder, "pos"])
    for turn in range(13):
        r.database.command_inout(put, [holder, "1", "deep", "1", "p", str(turn % 3 + 1), *[f"{turn}.{i}" for i in range(turn % 3 + 1)]])
    r.raw(history, [holder, "deep", "p"])
    r.raw(delete, [holder, "deep", "P"])
    r.raw(history, [holder, "DEEP", "P"])
    for asked in (["*", "*"], ["deep", "*"], ["d*", "P*"], ["*", "label"], ["none", "*"], ["", ""], ["a_b", "*"], ["aXb", "*"], ["deep"], [], ["deep", "p", "more"]):
        r.raw(history, [holder, *asked])
    r.raw(history, ["*", "deep", "p"])
    r.raw(history, [])
    if delete_all:
        every = "DbDeleteAll" + words + "Property"
        r.raw(put, [holder, "2", "all1", "2", "p", "1", "x", "Q", "2", "y", "z", "all2", "1", "p", "1", "x"])
        r.raw(every, [holder, "ALL1", "missing"])
        r.raw(get, [holder, "all1", "all2"])
        r.raw(history, [holder, "all1", "*"])
        r.raw(every, [holder, "all2", "more"])
        for argument in ([holder], [], [holder, "*"], [holder, ""], ["unknown/a/b", "x"], ["wrong", "x"], [holder.upper(), "twin"]):
            r.raw(every, argument)
        listed([holder, "*"])
    r.raw(put, [holder, "3", "gone1", "1", "p", "1", "x", "gone2", "1", "p", "1", "x", "other", "1", "p", "1", "x"])
    r.raw(short, [holder, "GONE1"])
    r.raw(get, [holder, "gone1"])
    r.raw(history, [holder, "gone1", "*"])
    r.raw(short, [holder, "missing"])
    r.raw(short, ["unknown/a/b", "gone2"])
    r.raw(short, [holder, "gone*"])
    listed([holder, "*"])
    r.raw(short, [holder, ""])
    for argument in ([holder], [], ["wrong", "x"], ["*", "*"], ["tango:" + holder, "other"]):
        r.raw(short, argument)
    listed([holder, "*"])
