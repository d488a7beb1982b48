"""Drives one access control service with PyTango and prints everything it answered: access_control_differential.py

The same calls run against a native service and ours, both as they are when they are new. TANGO_HOST says where.
"""
import json
import random

import tango

SERVICE = "sys/access_control/1"
USERS = ["u", "*", "U"]
FIELDS = ["*", "*", "a", "b", "a*", "*b", "a*b", "A"]
NAMES = ["a", "b", "ab", "axb", "c"]
DEVICES = ["a/b/c", "A/b/C", "a/b", "a", "", "x/y/z", "dserver/x/y", "a/b/c/d", "tango://h:1/a/b/c"]
ADDRESSES = ["10.0.0.1", "10.0.1.1", "192.168.3.4", "", "vm", "10.0.0", "1.2.3.4.5"]


class Service:
    """Records results and errors in the order of the calls."""

    def __init__(self):
        self.device = tango.DeviceProxy(SERVICE)
        self.answers = []

    def call(self, command, argument=None):
        words = [command] if argument is None else [command, argument]
        try:
            result = self.device.command_inout(*words)
            if not isinstance(result, (str, type(None))):
                result = [str(item) for item in result] if hasattr(result, "__iter__") else str(result)
        except tango.DevFailed as error:
            first = error.args[0]
            result = {"reason": first.reason, "desc": first.desc, "origin": first.origin, "severity": str(first.severity)}
        self.answers.append([command, argument, result])
        return result

    def clear(self):
        """Removes all rules."""
        for user in self.device.command_inout("GetUsers"):
            self.device.command_inout("RemoveUser", user)

    def rules(self):
        self.call("GetUsers")
        for user in ["*", "bob", "BOB", "carl", "dave", "nobody", ""]:
            self.call("GetAddressByUser", user)
            self.call("GetDeviceByUser", user)


def arguments(service):
    for command, least in [
        ("GetAccess", 3), ("GetAccessForMultiIP", 3), ("AddAddressForUser", 2), ("AddDeviceForUser", 3),
        ("RemoveAddressForUser", 2), ("RemoveDeviceForUser", 3), ("CloneUser", 2),
    ]:
        for count in range(least):
            service.call(command, ["x"] * count)
    service.call("GetAccess", ["bob", "10.0.0.1", "a/b/c", "too", "many"])


def editing(service):
    service.rules()
    for user, address in [
        ("bob", "10.0.0.*"), ("bob", "10.0.0.7"), ("bob", "192.168.*.*"), ("bob", "10.0.0.*"), ("BOB", "10.0.0.7"),
        ("carl", "bad address"), ("carl", "1.2.3"), ("carl", "*"), ("carl", "*.*.*.*"), ("_x", "1.1.1.1"), ("ann", "1.1.1.1"),
    ]:
        service.call("AddAddressForUser", [user, address])
    for user, device, rights in [
        ("bob", "a/b/*", "write"), ("bob", "a/b/secret", "read"), ("bob", "*/*/*", "read"), ("bob", "a/b/*", "write"),
        ("Bob", "A/B/*", "WRITE"), ("carl", "bad", "write"), ("carl", "a/*/c", "write"), ("carl", "a/b/c", "foo"),
        ("carl", "q/q/q", "READ"), ("carl", "r/q/q", "WRITE"), ("eve", "only/a/device", "write"), ("Bert", "_/_/_", "read"),
    ]:
        service.call("AddDeviceForUser", [user, device, rights])
    service.rules()
    for user in ["bob", "BOB", "carl", "eve", "zed", "*", ""]:
        for address in ADDRESSES:
            for device in DEVICES + ["q/q/q", "r/q/q", "a/b/secret"]:
                service.call("GetAccess", [user, address, device])
    for addresses in [["1.1.1.1", "10.0.0.1"], ["1.1.1.1", "2.2.2.2"], ["2.2.2.2"]]:
        for device in ["a/b/c", "x/y/z"]:
            service.call("GetAccessForMultiIP", ["bob", device] + addresses)
    service.call("CloneUser", ["bob", "dave"])
    service.rules()
    service.call("CloneUser", ["carl", "dave"])
    service.rules()
    service.call("CloneUser", ["nobody", "dave"])
    service.rules()
    service.call("RemoveAddressForUser", ["BOB", "10.0.0.7"])
    service.call("RemoveAddressForUser", ["bob", "9.9.9.9"])
    service.call("RemoveDeviceForUser", ["bob", "a/b/*", "write"])
    service.call("RemoveDeviceForUser", ["bob", "a/b/*", "read"])
    service.call("RemoveUser", "carl")
    service.call("RemoveUser", "nobody")
    service.rules()


def deciding(service):
    """Random rules of one user and of everybody; which one counts?"""
    generator = random.Random(7)
    for _ in range(60):
        service.clear()
        for address in generator.sample(["*.*.*.*", "10.*.*.*", "10.0.0.1"], generator.randint(0, 2)):
            service.call("AddAddressForUser", [generator.choice(USERS), address])
        for _ in range(generator.randint(0, 5)):
            pattern = "/".join(generator.choice(FIELDS) for _ in range(3))
            rights = generator.choice(["read", "write", "write", "READ", "WRITE", "other"])
            service.call("AddDeviceForUser", [generator.choice(USERS), pattern, rights])
        for _ in range(8):
            device = "/".join(generator.choice(NAMES) for _ in range(3))
            service.call("GetAccess", ["u", generator.choice(["10.0.0.1", "10.0.0.1", "7.7.7.7"]), device])
    service.clear()


def classes(service):
    database = tango.Database()
    for name in database.get_class_list("*"):
        database.delete_class_property(name, "AllowedAccessCmd")
    for name in ["DServer", "DataBase", "Starter", "TangoAccessControl"]:
        database.delete_class_property(name, "AllowedAccessCmd")
    database.put_class_property("zeta", {"AllowedAccessCmd": ["b", "A", "_c", "State", "a2"]})
    database.put_class_property("Alpha", {"AllowedAccessCmd": ["Only"]})
    database.put_class_property("DataBase", {"AllowedAccessCmd": ["DbInfo", "DbGetX"]})
    service.call("GetAllowedCommandClassList")
    for name in ["zeta", "ZETA", "Alpha", "Nothing", "", "sys/database/2", "SYS/Database/2", "x/y/z"]:
        service.call("GetAllowedCommands", name)
        service.call("GetDeviceClass", name)


def services(service):
    database = tango.Database()

    def registered(what):
        service.answers.append([what, None, list(database.get_property("CtrlSystem", "Services")["Services"])])

    for lines in [None, ["Foo/x:a/b/c"], ["AccessControl/other:s/q/1", "accesscontrol/tango:old/one/1", "Foo/x:a/b/c"]]:
        if lines is not None:
            database.put_property("CtrlSystem", {"Services": lines})
        # native clients, this one too, keep what they have read of the services
        service.call("RegisterService")
        registered("registered")
        service.call("RegisterService")
        registered("registered again")
        service.call("UnregisterService")
        registered("unregistered")
        database.delete_property("CtrlSystem", "Services")


def main():
    service = Service()
    service.call("State")
    service.call("Status")
    commands = sorted(service.device.command_list_query(), key=lambda info: info.cmd_name)
    service.answers += [["command", info.cmd_name, [str(info.in_type), str(info.out_type), str(info.disp_level)]] for info in commands]
    service.answers += [["attribute", info.name, str(info.data_type)] for info in service.device.attribute_list_query()]
    arguments(service)
    editing(service)
    classes(service)
    services(service)
    deciding(service)
    print(json.dumps(service.answers))


main()
