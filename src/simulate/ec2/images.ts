import type {
  CreateImageRequest,
  CreateImageResult,
  DeleteSnapshotRequest,
  DeregisterImageRequest,
  DeregisterImageResult,
  DescribeImagesRequest,
  DescribeImagesResult,
  DescribeSnapshotsRequest,
  DescribeSnapshotsResult,
  Image,
  RegisterImageRequest,
  RegisterImageResult,
} from '@aws-sdk/client-ec2'
import { pause } from '../../core/wait-until.ts'
import { ApiError } from './api-error.ts'
import { filtered, pageOf } from './filters.ts'
import { reboot, stateOf } from './life.ts'
import type { Call, SimulatedImage, World } from './world.ts'
import { ACCOUNT, tagsFor } from './world.ts'

export async function describeImages(input: DescribeImagesRequest, { world }: Call): Promise<DescribeImagesResult> {
  const owners = input.Owners?.map((owner) => (owner === 'self' ? ACCOUNT : owner))
  const all = world.images.list(input.ImageIds).map(({ data }) => data)
  const found = filtered(owners ? all.filter(({ OwnerId }) => owners.includes(OwnerId ?? '')) : all, input.Filters, {
    name: ({ Name }) => [Name],
    'image-id': ({ ImageId }) => [ImageId],
    state: ({ State }) => [State],
    architecture: ({ Architecture }) => [Architecture],
    'owner-id': ({ OwnerId }) => [OwnerId],
    'root-device-type': ({ RootDeviceType }) => [RootDeviceType],
    'virtualization-type': ({ VirtualizationType }) => [VirtualizationType],
    'image-type': ({ ImageType }) => [ImageType],
    'is-public': ({ Public }) => [String(Public)],
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { Images: items, ...more }
}

function newImage(
  world: World,
  input: { Name?: string | undefined; Description?: string | undefined },
  more: Partial<Image>,
): SimulatedImage {
  const { Name = '' } = input
  if (Name.length < 3 || Name.length > 128 || !/^[A-Za-z0-9 ()./_'@[\]-]+$/.test(Name))
    throw new ApiError('InvalidAMIName.Malformed', `AMI name '${Name}' is malformed`)
  const taken = world.images.all().find(({ data }) => data.OwnerId === ACCOUNT && data.Name === Name)
  if (taken)
    throw new ApiError('InvalidAMIName.Duplicate', `AMI name ${Name} is already in use by AMI ${taken.data.ImageId}`)
  const ImageId = world.id('ami')
  return {
    boots: '',
    own: true,
    data: {
      Name,
      Description: input.Description,
      OwnerId: ACCOUNT,
      CreationDate: new Date().toISOString(),
      ImageType: 'machine',
      Public: false,
      RootDeviceName: '/dev/xvda',
      RootDeviceType: 'ebs',
      VirtualizationType: 'hvm',
      Hypervisor: 'xen',
      State: 'pending',
      ...more,
      ImageId,
    },
  }
}

export async function createImage(input: CreateImageRequest, { world }: Call): Promise<CreateImageResult> {
  const instance = world.instances.get(input.InstanceId)
  if (!['running', 'stopped'].includes(stateOf(instance)))
    throw new ApiError('IncorrectState', `The instance '${input.InstanceId}' is not in a state that can be imaged`)
  const SnapshotId = world.id('snap')
  const snapshot = {
    data: {
      SnapshotId,
      State: 'pending' as const,
      OwnerId: ACCOUNT,
      VolumeSize: 8,
      Progress: '0%',
      StartTime: new Date(),
      Tags: tagsFor('snapshot', input.TagSpecifications),
    },
  }
  const image = newImage(world, input, {
    Architecture: instance.data.Architecture,
    BootMode: instance.data.BootMode,
    EnaSupport: true,
    Tags: tagsFor('image', input.TagSpecifications),
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId, VolumeSize: 8, DeleteOnTermination: true } }],
  })
  world.images.add(image.data.ImageId, image)
  world.snapshots.add(SnapshotId, snapshot)
  if (!input.NoReboot && stateOf(instance) === 'running') reboot(world, instance)
  instance.work = instance.work
    .then(async () => {
      const [boots] = await Promise.all([
        world.settings.backend.capture(instance.data.InstanceId),
        pause(world.pendingMs),
      ])
      image.boots = boots
      image.data.State = 'available'
      Object.assign(snapshot.data, { State: 'completed', Progress: '100%' })
    })
    .catch((error: Error) => {
      image.data.State = 'failed'
      image.data.StateReason = { Code: 'Server.InternalError', Message: error.message }
    })
  return { ImageId: image.data.ImageId }
}

export async function registerImage(input: RegisterImageRequest, { world }: Call): Promise<RegisterImageResult> {
  const root = input.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === input.RootDeviceName)?.Ebs
  const snapshot = world.snapshots.get(root?.SnapshotId)
  if (snapshot.data.State !== 'completed')
    throw new ApiError('InvalidSnapshot.InvalidState', `The snapshot '${root?.SnapshotId}' is not completed`)
  const image = newImage(world, input, {
    Architecture: input.Architecture ?? 'i386',
    BootMode: input.BootMode,
    EnaSupport: input.EnaSupport ?? false,
    RootDeviceName: input.RootDeviceName,
    BlockDeviceMappings: input.BlockDeviceMappings,
    Tags: tagsFor('image', input.TagSpecifications),
    State: 'available',
  })
  image.boots = snapshot.boots ?? ''
  image.own = false
  world.images.add(image.data.ImageId, image)
  return { ImageId: image.data.ImageId }
}

export async function deregisterImage(input: DeregisterImageRequest, { world }: Call): Promise<DeregisterImageResult> {
  const image = world.images.get(input.ImageId)
  if (image.data.OwnerId !== ACCOUNT)
    throw new ApiError('AuthFailure', `Not authorized for image:${input.ImageId}`, 403)
  world.images.delete(image.data.ImageId)
  if (image.own && image.boots !== '') await world.settings.backend.forget(image.boots)
  return {}
}

export async function describeSnapshots(
  input: DescribeSnapshotsRequest,
  { world }: Call,
): Promise<DescribeSnapshotsResult> {
  const found = filtered(
    world.snapshots.list(input.SnapshotIds).map(({ data }) => data),
    input.Filters,
    {
      'snapshot-id': ({ SnapshotId }) => [SnapshotId],
      status: ({ State }) => [State],
      'owner-id': ({ OwnerId }) => [OwnerId],
    },
  )
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { Snapshots: items, ...more }
}

export async function deleteSnapshot(input: DeleteSnapshotRequest, { world }: Call): Promise<object> {
  const { data, boots } = world.snapshots.get(input.SnapshotId)
  const user = world.images
    .all()
    .find((image) => image.data.BlockDeviceMappings?.some(({ Ebs }) => Ebs?.SnapshotId === data.SnapshotId))
  if (user)
    throw new ApiError(
      'InvalidSnapshot.InUse',
      `The snapshot ${data.SnapshotId} is currently in use by ${user.data.ImageId}`,
    )
  world.snapshots.delete(data.SnapshotId)
  if (boots !== undefined) await world.settings.backend.forget(boots)
  return {}
}
