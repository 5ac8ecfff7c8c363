# Drives a simulated Azure Resource Manager with a client that nobody here wrote. Arguments: host, port, certificate, subscription.
# Prints what it saw as JSON.
import json
import sys
import time

import libcloud.security
from libcloud.common.azure_arm import publicEnvironments
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeAuthSSHKey
from libcloud.compute.drivers import azure_arm

host, port, certificate, subscription = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
libcloud.security.CA_CERTS_PATH = certificate


class Local(azure_arm.AzureResourceManagementConnection):
    # Only where it connects to is another place, and a token is there without a login.
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs, port=port)

    def get_token_from_credentials(self):
        self.access_token, self.expires_on = "any", 4102444800


azure_arm.AzureNodeDriver.connectionCls = Local
here = dict(publicEnvironments["default"], resourceManagerEndpointUrl=f"https://{host}:{port}")
driver = azure_arm.AzureNodeDriver("tenant", subscription, "unused", "unused", cloud_environment=here, region="westeurope")


def until(what, look):
    for _ in range(200):
        if look():
            return True
        time.sleep(0.1)
    raise RuntimeError(f"gave up waiting for {what}")


def state(node):
    return driver.ex_get_node(node.id).state


seen = {}
[place] = [one for one in driver.list_locations() if one.id == "westeurope"]
seen["sizes"] = sorted(size.name for size in driver.list_sizes(place))
group = f"/subscriptions/{subscription}/resourceGroups/by-libcloud"
version = {"api-version": "2021-04-01"}
driver.connection.request(group, params=version, method="PUT", data={"location": place.id})
seen["groups"] = [one.name for one in driver.ex_list_resource_groups()]
network = f"{group}/providers/Microsoft.Network/virtualNetworks/net"
space = {"addressPrefixes": ["10.9.0.0/16"]}
subnets = [{"name": "default", "properties": {"addressPrefix": "10.9.0.0/24"}}]
body = {"location": place.id, "properties": {"addressSpace": space, "subnets": subnets}}
driver.connection.request(network, params=version, method="PUT", data=body)
until("the network to be listed", driver.ex_list_networks)
seen["networks"] = [one.name for one in driver.ex_list_networks()]
[subnet] = driver.ex_list_subnets(driver.ex_list_networks()[0])
address = driver.ex_create_public_ip("address", "by-libcloud", place, "Static")
card = driver.ex_create_network_interface("card", subnet, "by-libcloud", place, address)
image = driver.get_image("Debian:debian-13:13-gen2:latest", place)
seen["image"] = [image.publisher, image.sku]
[size] = [one for one in driver.list_sizes(place) if one.name == "Standard_B2s"]
key = NodeAuthSSHKey("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBy0U0fvV0Zl0a4q0J2g0yXb0oM0l5f0h0m0v0a0c0d0 libcloud")
node = driver.create_node(
    "machine",
    size,
    image,
    key,
    "by-libcloud",
    None,
    location=place,
    ex_nic=card,
    ex_use_managed_disks=True,
    ex_user_name="someone",
    ex_tags={"made-by": "libcloud"},
)
seen["created"] = [node.name, node.extra["tags"]]
until("the machine to run", lambda: state(node) == "running")
until("the machine to be listed", driver.list_nodes)
[listed] = driver.list_nodes("by-libcloud")
seen["listed"] = [listed.name, listed.state, len(listed.public_ips), len(listed.private_ips)]
seen["everywhere"] = [one.name for one in driver.list_nodes()]
volume = driver.create_volume(5, "more", location=place, ex_resource_group="by-libcloud")
until("the disk", lambda: driver.ex_get_volume(volume.id).extra["properties"]["provisioningState"] == "Succeeded")
disks = lambda: driver.ex_get_node(node.id).extra["properties"]["storageProfile"]["dataDisks"]
seen["attached"] = driver.attach_volume(driver.ex_get_node(node.id), volume)
until("the disk to be attached", lambda: len(disks()) == 1)
seen["of the machine"] = disks()[0]["managedDisk"]["id"] == volume.id
seen["detached"] = driver.detach_volume(volume, ex_node=driver.ex_get_node(node.id))
until("the disk to be detached", lambda: len(disks()) == 0)
driver.destroy_volume(volume)
until("the disk to go", lambda: "more" not in [one.name for one in driver.list_volumes("by-libcloud")])
seen["volumes"] = [one.name for one in driver.list_volumes()]
seen["rebooted"] = driver.reboot_node(node)
driver.stop_node(node, ex_deallocate=False)
until("the machine to stop", lambda: state(node) == "paused")
driver.stop_node(node)
until("the machine to be deallocated", lambda: state(node) == "stopped")
driver.start_node(node)
until("the machine to run again", lambda: state(node) == "running")
try:
    driver.ex_get_node(f"{group}/providers/Microsoft.Compute/virtualMachines/nobody")
except BaseHTTPError as error:
    seen["missing"] = [error.code, "ResourceNotFound" in error.message]
try:
    driver.create_node("other", size, image, key, "nowhere", None, location=place, ex_nic=card, ex_use_managed_disks=True)
except BaseHTTPError as error:
    seen["nowhere"] = [error.code, "ResourceGroupNotFound" in error.message]
try:
    driver.ex_destroy_nic(card)
except BaseHTTPError as error:
    seen["in use"] = [error.code, "NicInUse" in error.message]
seen["gone"] = driver.destroy_node(node, ex_poll_wait=0.2)
seen["address gone"] = until("the address to go", lambda: driver.ex_delete_public_ip(address))
seen["left"] = [one.name for one in driver.list_nodes()]
print(json.dumps(seen))
