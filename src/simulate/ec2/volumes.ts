import type {
  AttachVolumeRequest,
  CreateVolumeRequest,
  DeleteVolumeRequest,
  DescribeVolumesRequest,
  DescribeVolumesResult,
  DetachVolumeRequest,
  ModifyInstanceAttributeRequest,
  RunInstancesRequest,
  Volume,
  VolumeAttachment,
} from '@aws-sdk/client-ec2'
import { ApiError } from './api-error.ts'
import { filtered, pageOf } from './filters.ts'
import type { Call, SimulatedImage, SimulatedInstance, World } from './world.ts'
import { tagsFor } from './world.ts'

/** Devices of volumes in the back end, by volume. */
const devices = new WeakMap<Volume, string>()

export function attachVolumes(
  world: World,
  instance: SimulatedInstance,
  image: SimulatedImage,
  input: RunInstancesRequest,
): void {
  const root = image.data.RootDeviceName ?? '/dev/xvda'
  const mapped = input.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === root)?.Ebs
  const given = image.data.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === root)?.Ebs
  add(world, instance, root, mapped?.VolumeSize ?? given?.VolumeSize ?? 8, input, mapped?.DeleteOnTermination ?? true)
  for (const { DeviceName = '', Ebs } of furtherDisks(image, input))
    add(world, instance, DeviceName, Ebs?.VolumeSize ?? 1, input, Ebs?.DeleteOnTermination ?? true)
}

/** Disks besides the root. */
export function furtherDisks({ data }: SimulatedImage, input: RunInstancesRequest) {
  return (input.BlockDeviceMappings ?? []).filter(({ DeviceName }) => DeviceName !== data.RootDeviceName)
}

export async function modifyInstanceAttribute(input: ModifyInstanceAttributeRequest, { world }: Call): Promise<object> {
  const { data } = world.instances.get(input.InstanceId)
  if (!input.BlockDeviceMappings)
    throw new ApiError('UnsupportedOperation', 'the simulator changes only BlockDeviceMappings of instances')
  for (const { DeviceName, Ebs } of input.BlockDeviceMappings) {
    const mapped = data.BlockDeviceMappings?.find((one) => one.DeviceName === DeviceName)?.Ebs
    if (!mapped) throw new ApiError('InvalidInstanceAttributeValue', `No device is attached at ${DeviceName}`)
    mapped.DeleteOnTermination = Ebs?.DeleteOnTermination
    const [attached] = world.volumes.peek(mapped.VolumeId ?? '')?.Attachments ?? []
    if (attached) attached.DeleteOnTermination = Ebs?.DeleteOnTermination
  }
  return {}
}

function add(
  world: World,
  { data }: SimulatedInstance,
  device: string,
  size: number,
  input: RunInstancesRequest,
  deletes: boolean,
): void {
  const VolumeId = world.id('vol')
  const now = new Date()
  world.volumes.add(VolumeId, {
    VolumeId,
    AvailabilityZone: data.Placement?.AvailabilityZone,
    CreateTime: now,
    Encrypted: false,
    Size: size,
    State: 'in-use',
    VolumeType: 'gp3',
    Tags: tagsFor('volume', input.TagSpecifications),
    Attachments: [
      {
        AttachTime: now,
        DeleteOnTermination: deletes,
        Device: device,
        InstanceId: data.InstanceId,
        State: 'attached',
        VolumeId,
      },
    ],
  })
  data.BlockDeviceMappings?.push({
    DeviceName: device,
    Ebs: { AttachTime: now, DeleteOnTermination: deletes, Status: 'attached', VolumeId },
  })
}

export function releaseVolumes(world: World, { data }: SimulatedInstance): void {
  for (const volume of world.volumes.all()) {
    const [attached] = volume.Attachments ?? []
    if (attached?.InstanceId !== data.InstanceId) continue
    if (attached.DeleteOnTermination) world.volumes.delete(volume.VolumeId ?? '')
    else release(volume)
  }
  data.BlockDeviceMappings = []
}

function release(volume: Volume): void {
  volume.State = 'available'
  volume.Attachments = []
}

export async function createVolume(input: CreateVolumeRequest, { world }: Call): Promise<Volume> {
  if (!world.zones.includes(input.AvailabilityZone ?? ''))
    throw new ApiError('InvalidZone.NotFound', `The zone '${input.AvailabilityZone}' does not exist.`)
  const volume: Volume = {
    VolumeId: world.id('vol'),
    AvailabilityZone: input.AvailabilityZone,
    CreateTime: new Date(),
    Encrypted: false,
    Size: input.Size,
    State: 'available',
    VolumeType: input.VolumeType ?? 'gp2',
    Tags: tagsFor('volume', input.TagSpecifications),
    Attachments: [],
  }
  return world.volumes.add(volume.VolumeId ?? '', volume)
}

export async function attachVolume(input: AttachVolumeRequest, { world }: Call): Promise<VolumeAttachment> {
  const volume = world.volumes.get(input.VolumeId)
  const { data, work } = world.instances.get(input.InstanceId)
  if (volume.State !== 'available')
    throw new ApiError('IncorrectState', `The volume '${input.VolumeId}' is not 'available'`)
  if (volume.AvailabilityZone !== data.Placement?.AvailabilityZone)
    throw new ApiError('InvalidVolume.ZoneMismatch', `The volume '${input.VolumeId}' is not in the same zone`)
  if (data.BlockDeviceMappings?.some(({ DeviceName }) => DeviceName === input.Device))
    throw new ApiError(
      'InvalidParameterValue',
      `Invalid value '${input.Device}' for unixDevice. Attachment point is already in use`,
    )
  await work
  devices.set(volume, await world.settings.backend.addDisk(data.InstanceId, volume.Size ?? 1))
  const attached: VolumeAttachment = {
    AttachTime: new Date(),
    DeleteOnTermination: false,
    Device: input.Device,
    InstanceId: data.InstanceId,
    State: 'attached',
    VolumeId: volume.VolumeId,
  }
  volume.State = 'in-use'
  volume.Attachments = [attached]
  data.BlockDeviceMappings?.push({
    DeviceName: input.Device,
    Ebs: { AttachTime: attached.AttachTime, DeleteOnTermination: false, Status: 'attached', VolumeId: volume.VolumeId },
  })
  return attached
}

export async function detachVolume(input: DetachVolumeRequest, { world }: Call): Promise<VolumeAttachment> {
  const volume = world.volumes.get(input.VolumeId)
  const [attached] = volume.Attachments ?? []
  if (!attached) throw new ApiError('IncorrectState', `The volume '${input.VolumeId}' is 'available'`)
  const instance = world.instances.peek(attached.InstanceId ?? '')
  if (instance) {
    await world.settings.backend.removeDevice(instance.data.InstanceId, devices.get(volume) ?? '')
    instance.data.BlockDeviceMappings = instance.data.BlockDeviceMappings?.filter(
      ({ Ebs }) => Ebs?.VolumeId !== volume.VolumeId,
    )
  }
  release(volume)
  return { ...attached, State: 'detaching' }
}

export async function deleteVolume(input: DeleteVolumeRequest, { world }: Call): Promise<object> {
  const volume = world.volumes.get(input.VolumeId)
  if (volume.State !== 'available') throw new ApiError('VolumeInUse', `Volume ${input.VolumeId} is currently attached`)
  world.volumes.delete(volume.VolumeId ?? '')
  return {}
}

export async function describeVolumes(input: DescribeVolumesRequest, { world }: Call): Promise<DescribeVolumesResult> {
  const found = filtered(world.volumes.list(input.VolumeIds), input.Filters, {
    status: ({ State }) => [State],
    'volume-id': ({ VolumeId }) => [VolumeId],
    'attachment.instance-id': ({ Attachments }) => (Attachments ?? []).map(({ InstanceId }) => InstanceId),
    'availability-zone': ({ AvailabilityZone }) => [AvailabilityZone],
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { Volumes: items, ...more }
}
