"""What a client that nobody here wrote sees of the simulated EC2: boto3, with the models, parsers and waiters of botocore."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ec2 = boto3.client("ec2", endpoint_url=sys.argv[1], config=Config(retries={"max_attempts": 0}))
seen = {}


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return ["none", 200]


def wait(name, **arguments):
    ec2.get_waiter(name).wait(WaiterConfig={"Delay": 1, "MaxAttempts": 20}, **arguments)


images = ec2.describe_images(
    Owners=["136693071363"], Filters=[{"Name": "name", "Values": ["debian-13-amd64-2*"]}]
)["Images"]
image = max(images, key=lambda found: found["CreationDate"])
seen["image"] = image["Name"]
ec2.import_key_pair(
    KeyName="second",
    PublicKeyMaterial=b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPbQ7nPPVJVMVlHYbRrkPWVUMKCl1hjvLUsJYRvBpbLk second",
)
launch = {
    "ImageId": image["ImageId"],
    "InstanceType": "t3.small",
    "KeyName": "second",
    "MinCount": 1,
    "MaxCount": 1,
    "UserData": "#cloud-config\n",
    "ClientToken": "a-token",
    "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "second & <third>"}]}],
}
wait("key_pair_exists", KeyNames=["second"])
first = ec2.run_instances(**launch)["Instances"][0]
seen["state"] = first["State"]
seen["id-form"] = first["InstanceId"][:2]
again = ec2.run_instances(**launch)["Instances"][0]
seen["token"] = again["InstanceId"] == first["InstanceId"]
seen["other-parameters"] = code(ec2.run_instances, **{**launch, "InstanceType": "t3.micro"})
ids = [first["InstanceId"]]
wait("instance_exists", InstanceIds=ids)
wait("instance_running", InstanceIds=ids)
running = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"][0]
seen["name"] = running["Tags"][0]["Value"]
seen["address"] = running["PrivateIpAddress"].split(".")[0]
seen["volumes"] = len(running["BlockDeviceMappings"])
seen["launch-time"] = running["LaunchTime"].tzinfo is not None
seen["console"] = "Linux version" in ec2.get_console_output(InstanceId=ids[0], Latest=True)["Output"]

seen["dry-run"] = code(ec2.run_instances, **{**launch, "DryRun": True, "ClientToken": "dry"})
seen["malformed"] = code(ec2.run_instances, **{**launch, "ImageId": "ami-x", "ClientToken": "m"})
seen["too-large"] = code(ec2.run_instances, **{**launch, "UserData": "x" * 16385, "ClientToken": "l"})
seen["unknown-id"] = code(ec2.describe_instances, InstanceIds=["i-0123456789abcdef0"])
seen["not-here"] = code(ec2.describe_fleets)

volume = ec2.create_volume(AvailabilityZone=running["Placement"]["AvailabilityZone"], Size=1)["VolumeId"]
wait("volume_available", VolumeIds=[volume])
ec2.attach_volume(VolumeId=volume, InstanceId=ids[0], Device="/dev/sdf")
wait("volume_in_use", VolumeIds=[volume])
ec2.detach_volume(VolumeId=volume)
wait("volume_available", VolumeIds=[volume])
ec2.delete_volume(VolumeId=volume)
wait("volume_deleted", VolumeIds=[volume])

made = ec2.create_image(InstanceId=ids[0], Name="second", NoReboot=True)["ImageId"]
wait("image_exists", ImageIds=[made])
wait("image_available", ImageIds=[made])
snapshot = ec2.describe_images(ImageIds=[made])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
wait("snapshot_completed", SnapshotIds=[snapshot])
seen["snapshot-in-use"] = code(ec2.delete_snapshot, SnapshotId=snapshot)
ec2.deregister_image(ImageId=made)
ec2.delete_snapshot(SnapshotId=snapshot)

ec2.stop_instances(InstanceIds=ids)
wait("instance_stopped", InstanceIds=ids)
ec2.start_instances(InstanceIds=ids)
wait("instance_running", InstanceIds=ids)
ec2.reboot_instances(InstanceIds=ids)
ec2.terminate_instances(InstanceIds=ids)
wait("instance_terminated", InstanceIds=ids)
seen["start-terminated"] = code(ec2.start_instances, InstanceIds=ids)

pages = list(ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 5}))
seen["pages"] = [len(page["InstanceTypes"]) for page in pages]
ec2.delete_key_pair(KeyName="second")
seen["keys"] = ec2.describe_key_pairs()["KeyPairs"]
print(json.dumps(seen))
