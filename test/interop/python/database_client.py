"""Uses a database through PyTango's Database class and prints what it got as one line of JSON.

TANGO_HOST must be a database with the running server TangoTest/test, device sys/tg_test/1.
"""
import json

import tango

database = tango.Database()
answer = {}


def texts(datum):
    return list(datum.value_string)


def reason(call, *arguments):
    try:
        call(*arguments)
    except tango.DevFailed as failed:
        return failed.args[0].reason
    return None


device = "sys/tg_test/1"
info = tango.DbDevInfo()
info.server, info._class, info.name = "Extra/1", "Extra", "ex/tra/1"
database.add_device(info)
answer["added"] = texts(database.get_device_name("Extra/1", "Extra"))
database.delete_device("ex/tra/1")
database.delete_server("Extra/1")
answer["servers"] = texts(database.get_server_list())
answer["classes"] = texts(database.get_server_class_list("TangoTest/test"))
answer["classList"] = texts(database.get_device_class_list("TangoTest/test"))
imported = database.import_device(device)
answer["imported"] = [imported.name, imported.exported, imported.version]
full = database.get_device_info(device)
answer["info"] = [full.class_name, full.ds_full_name, full.exported, full.started_date != ""]
answer["unknown"] = reason(database.get_device_info, "no/such/device")
answer["exported"] = texts(database.get_device_exported("sys/*"))
answer["domains"] = texts(database.get_device_domain("*"))
answer["families"] = texts(database.get_device_family("sys/*"))
answer["members"] = texts(database.get_device_member("sys/tg_test/*"))
answer["instances"] = texts(database.get_instance_name_list("TangoTest"))
answer["inheritance"] = texts(database.get_class_inheritance_for_device(device))[0]

database.put_device_property(device, {"one": ["1"], "two": ["a", "b"], "wide": ["\u00e9\u00b5"]})
answer["properties"] = {k: list(v) for k, v in database.get_device_property(device, ["one", "two", "wide", "none"]).items()}
answer["propertyList"] = texts(database.get_device_property_list(device, "*o*"))
database.delete_device_property(device, ["one"])
answer["history"] = [[list(h.get_value().value_string), h.is_deleted()] for h in database.get_device_property_history(device, "one")]
database.put_class_property("Some", {"p": ["x"]})
answer["classProperty"] = {k: list(v) for k, v in database.get_class_property("Some", ["p", "q"]).items()}
database.put_property("object", {"p": ["x", "y"]})
answer["objects"] = texts(database.get_object_list("*"))
answer["property"] = list(database.get_property("object", "p")["p"])
database.put_device_attribute_property(device, {"ampli": {"label": ["L"], "unit": ["mm"]}})
stored = database.get_device_attribute_property(device, ["ampli"])
answer["attributeProperty"] = {k: list(v) for k, v in stored["ampli"].items()}

database.put_device_alias(device, "tt")
answer["alias"] = [database.get_device_from_alias("tt"), database.get_alias_from_device(device), tango.DeviceProxy("tt").dev_name()]
answer["aliases"] = texts(database.get_device_alias_list("*"))
answer["aliasTaken"] = reason(database.put_device_alias, "dserver/TangoTest/test", "tt")
database.delete_device_alias("tt")
answer["noAlias"] = reason(database.get_device_from_alias, "tt")
database.put_attribute_alias(device + "/ampli", "amp")
answer["attributeAlias"] = [database.get_attribute_from_alias("amp"), tango.AttributeProxy("amp").name()]

server = database.get_server_info("TangoTest/test")
server.mode, server.level, server.host = 1, 3, "somewhere"
database.put_server_info(server)
server = database.get_server_info("TangoTest/test")
answer["serverInfo"] = [server.host, server.mode, server.level]
database.delete_server_info("TangoTest/test")

proxy = tango.DeviceProxy(device)
configuration = proxy.get_attribute_config("double_scalar")
configuration.min_value = "-5"
proxy.set_attribute_config(configuration)
stored = database.get_device_attribute_property(device, ["double_scalar"])
answer["limit"] = list(stored["double_scalar"]["min_value"])
proxy.poll_attribute("double_scalar", 200)
answer["polled"] = list(database.get_device_property(device, ["polled_attr"])["polled_attr"])
proxy.stop_poll_attribute("double_scalar")
select = tango.DeviceProxy("sys/database/2").DbMySqlSelect("SELECT name, alias FROM device WHERE class = \"TangoTest\"")
answer["select"] = [select[0].tolist(), list(select[1])]
print(json.dumps(answer))
