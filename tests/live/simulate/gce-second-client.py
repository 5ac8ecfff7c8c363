# Drives a simulated Compute Engine with a client that nobody here wrote. Arguments: host, port, token file. Prints what it saw as JSON.
import json
import sys

from libcloud.common import google
from libcloud.compute.drivers import gce

host, port, token_file = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Local(gce.GCEConnection):
    # Only where it connects to is another place.
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.secure, self.host, self.port = 0, host, port
        self.connect()


gce.GCENodeDriver.connectionCls = Local
driver = gce.GCENodeDriver(
    "nobody@example.com",
    "unused",
    project="simulated-project",
    auth_type=google.GoogleAuthType.GCE,
    credential_file=token_file,
    datacenter="us-central1-a",
)
seen = {}
seen["zones"] = sorted(zone.name for zone in driver.ex_list_zones())
seen["sizes"] = sorted(size.name for size in driver.list_sizes())
seen["networks"] = [network.name for network in driver.ex_list_networks()]
image = driver.ex_get_image_from_family("debian-13", ex_project_list=["debian-cloud"])
seen["image"] = image.name
node = driver.create_node(
    "by-libcloud",
    driver.ex_get_size("e2-small"),
    image,
    location="us-central1-a",
    ex_metadata={"user-data": "#cloud-config\n{}\n", "color": "green"},
    ex_labels={"made-by": "libcloud"},
)
seen["created"] = [node.name, node.state, len(node.public_ips)]
seen["labels"] = node.extra["labels"]
seen["metadata"] = sorted(item["key"] for item in node.extra["metadata"]["items"])
seen["listed"] = [one.name for one in driver.list_nodes()]
volume = driver.create_volume(5, "more", location="us-central1-a")
seen["attached"] = driver.attach_volume(node, volume)
seen["disks"] = len(driver.ex_get_node("by-libcloud").extra["disks"])
seen["detached"] = driver.detach_volume(volume, ex_node=node)
seen["volume gone"] = driver.destroy_volume(volume)
seen["serial"] = "Linux" in driver.ex_get_serial_output(node)
seen["stopped"] = driver.ex_stop_node(node)
seen["state"] = driver.ex_get_node("by-libcloud").state
seen["started"] = driver.ex_start_node(node)
seen["rebooted"] = driver.reboot_node(node)
try:
    driver.create_node("by-libcloud", "e2-small", image, location="us-central1-a")
except google.ResourceExistsError as error:
    seen["twice"] = error.code
try:
    driver.ex_get_node("nobody")
except google.ResourceNotFoundError as error:
    seen["missing"] = error.code
seen["gone"] = driver.destroy_node(node)
seen["left"] = [one.name for one in driver.list_nodes()]
print(json.dumps(seen))
