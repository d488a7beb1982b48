"""Steps of database_differential.py with DbMySqlSelect: the queries of known clients, and others."""

SELECTS = [
    "select distinct domain from device where name LIKE '%/%/%' order by domain",
    "select distinct domain from device where name LIKE 'b%/mot/%' order by domain",
    "select distinct family from device where name LIKE 'b1/%/%' order by family",
    "select distinct family from device where name LIKE 'b2/ct\\_x/%' order by family",
    "select distinct family from device where name LIKE 'b2/ct_x/%' order by family",
    "select distinct member from device where name LIKE 'B1/MOT/%' order by member",
    "select name from device where class='motor' order by name",
    "select name,class from device where domain='b1' order by name",
    "select name,class from device where domain='b1'",
    "select name,class from device where family='MOT' and domain='B1'",
    "select name,class from device where domain like 'b%' and family like 'mot' and member like '%'",
    "select name,class from device where domain like 'b1' and family like 'mot' and member like '%' and class like 'Mo%'",
    "select distinct value from property_device where device like 'tango/admin/%' and name='HostCollection'",
    "select distinct device from property_device where device like 'tango/admin/%' and name='HostCollection' and value='Line one'",
    "select distinct device from property_device where device LIKE 'TANGO/admin/%' and name='hostcollection' and value='LINE one' order by device",
    "SELECT p.value AS value FROM property_device AS p WHERE p.value LIKE 'line%' GROUP BY p.value ORDER BY value", "SELECT value FROM property_device WHERE value IN ('OFFICE','x') ORDER BY value",
    "SELECT name, count(*) FROM property_device GROUP BY name HAVING count(*) > 2 ORDER BY count(*) DESC, name", "SELECT name FROM device WHERE (domain='b1' AND family='mot') OR domain='zed' ORDER BY server, name DESC",
    # as Taurus and configuration tools ask
    "SELECT name, alias, exported, host, server, class FROM device", "SELECT server, class, name, alias FROM device WHERE server LIKE 'motors/%' AND class LIKE '%' AND name LIKE 'B1/%'",
    "SELECT device, property_device.name, property_device.value FROM property_device INNER JOIN device ON property_device.device = device.name WHERE server LIKE '%' AND class LIKE '%' AND device LIKE 'zed/%'",
    "SELECT device, attribute, property_attribute_device.name, property_attribute_device.value FROM property_attribute_device INNER JOIN device ON property_attribute_device.device = device.name WHERE server LIKE 'Motors/%'",
    "SELECT class, name, value FROM property_class WHERE class LIKE 'some%' AND name != 'x'", "SELECT class, attribute, name, value FROM property_attribute_class WHERE class LIKE 'SOME%' ORDER BY class, attribute, name, count",
    "SELECT DISTINCT device FROM property_device WHERE name = 'POLLED_ATTR' ORDER BY device", "SELECT domain, family, member FROM device WHERE name = 'b1/mot/01' OR alias = 'FIRST'",
    "SELECT device.name, server.level, server.mode FROM device, server WHERE device.server = server.name AND class = 'DServer' ORDER BY server.level DESC, device.name", "SELECT 'order by name', name FROM device WHERE domain='zed' ORDER BY name", "SELECT DISTINCT family, domain FROM device WHERE domain LIKE 'b_' ORDER BY domain DESC, family",
    "select distinct device,attribute,name,count,value from property_attribute_device where device like '%'and attribute like '%'and name like '%' order by device,attribute,name,count asc;",
    "select distinct device,attribute,name,count,value from property_attribute_device where device like 'b1/mot/%' and attribute like 'pos%' and name like '%' order by device,attribute,name,count asc;",
    "name FROM device WHERE name LIKE 'b1/%' ORDER BY name", "name, alias, exported FROM device WHERE alias IS NOT NULL ORDER BY name",
    "SELECT count(*) FROM device", "SELECT COUNT(DISTINCT class) FROM device WHERE class != 'DServer'", "SELECT name FROM device WHERE name = \"b1/mot/01\"",
    "SELECT name, alias FROM device WHERE name='b1/mot/02'", "SELECT name, pid, exported FROM device WHERE name='b1/mot/01'",
    "SELECT name FROM device WHERE name LIKE 'b1/mot/%' ORDER BY name DESC", "SELECT name FROM device WHERE name LIKE 'b1/mot/%' ORDER BY name LIMIT 2",
    "SELECT name FROM device WHERE name LIKE 'b1/mot/%' ORDER BY name LIMIT 1,2", "SELECT name FROM device WHERE name REGEXP '^b1/mot/[0-9]+$' ORDER BY name",
    "SELECT CONCAT(server,':',name) FROM device WHERE class='Motor' ORDER BY name", "SELECT UPPER(name) FROM device WHERE domain='b1' ORDER BY name",
    "SELECT name FROM device WHERE name='it''s'", "SELECT name FROM device WHERE name='it\\'s'", "SELECT 'a\\\\b', 'a''b', \"a'b\", 'a\"b', 'tab\\t', NULL",
    "SELECT name FROM nothing", "SELECT nothing FROM device", "SELECT name FROM device WHERE", "", ";", "SELECT 1;", "SELECT 1; SELECT 2", "SELECT 1;;", "select 1; ",
    "DELETE FROM device", "DROP TABLE device", "UPDATE device SET class='x'", "SHOW TABLES", "SELECT 'open", "nothing", "SELECT name FROM device WHERE name='a;b'",
    "SELECT DISTINCT server FROM device WHERE server LIKE 'M%' ORDER BY server", "SELECT DISTINCT host FROM device ORDER BY host",
    "SELECT name,host,mode,level FROM server ORDER BY name", "SELECT DISTINCT class FROM device WHERE exported=1 ORDER BY class",
    "SELECT d.name, p.value FROM device d, property_device p WHERE p.device=d.name AND p.name='kept' ORDER BY d.name",
    "SELECT d.name, p.value FROM device AS d JOIN property_device AS p ON p.device=d.name WHERE p.name='kept' ORDER BY d.name, p.count",
    "SELECT class, COUNT(*) FROM device GROUP BY class ORDER BY class", "SELECT name FROM `device` WHERE `name`='b1/mot/01'",
    "SELECT DISTINCT name FROM property_device WHERE device='zed/a/1' ORDER BY name", "SELECT alias,name,device,attribute FROM attribute_alias ORDER BY alias",
    "SELECT object,name,count,value FROM property ORDER BY object,name,count", "SELECT name FROM device WHERE name LIKE 'B1/MOT/0_' ORDER BY name",
    "SELECT name FROM device WHERE name NOT LIKE 'b%' AND name <> 'zed/a/1' AND domain<>'dserver' ORDER BY name",
    "SELECT name FROM device WHERE class IN ('Counter','MOTOR') ORDER BY name", "SELECT IFNULL(alias,'none') FROM device WHERE domain='b1' ORDER BY name",
    "SELECT DISTINCT LOWER(class) FROM device ORDER BY 1", "SELECT MAX(count) FROM property_device", "SELECT domain FROM device WHERE domain='b1' OR domain='b2' ORDER BY domain",
    "SELECT name FROM device -- comment", "SELECT SUBSTRING_INDEX(name,'/',1) FROM device WHERE name='b1/mot/01'", "SELECT DATE_FORMAT('2026-01-02','%Y')",
]


def select_steps(r):
    """Executes all queries over a few properties more."""
    r.prefix = "select: "

    def rows(query):
        """Without ORDER BY the order of the rows is nobody's promise."""
        (numbers, cells) = r.database.command_inout("DbMySqlSelect", query)
        (count, columns) = numbers[-2:]
        table = [[cells[i * columns + j] for j in range(columns)] for i in range(count)]
        return {"numbers": [int(n) for n in numbers], "rows": table if "order by" in query.lower() else sorted(table)}

    r.raw("DbPutDeviceProperty", ["tango/admin/host1", "1", "HostCollection", "1", "Line one"])
    r.raw("DbPutDeviceProperty", ["tango/admin/host2", "1", "HostCollection", "1", "Line one"])
    r.raw("DbPutDeviceProperty", ["tango/admin/host3", "1", "HostCollection", "1", "Office"])
    r.raw("DbPutDeviceAttributeProperty2", ["b1/mot/01", "2", "position", "2", "label", "1", "Pos", "enum_labels", "2", "a", "b", "Pos_2", "1", "__value", "1", "3"])
    r.raw("DbPutDeviceAttributeProperty2", ["B1/MOT/02", "1", "Position", "1", "Label", "1", "Pos"])
    for query in SELECTS:
        r.step(query, rows, query)
    for query in ("SELECT name FROM device WHERE name='b1/mot/01'", "name, alias FROM device WHERE name='b1/mot/01'"):
        r.raw("DbMySqlSelect", query)
