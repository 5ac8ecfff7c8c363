import type { Instance, RunInstancesRequest, Reservation } from '@aws-sdk/client-ec2'
import type { DocumentChange } from '../../imds/document.ts'
import { ApiError } from './api-error.ts'
import { attachFirstCard, placeOf } from './cards.ts'
import { bootInstance } from './life.ts'
import { byParameter } from './stock-images.ts'
import { isOffered, TYPES } from './types.ts'
import { attachVolumes, furtherDisks } from './volumes.ts'
import type { Call, SimulatedImage, SimulatedInstance, World } from './world.ts'
import { ACCOUNT, tagsFor } from './world.ts'

const MOST_USER_DATA = 16_384

/** Members of the request that mean something here. Any other is refused, for it would be ignored. */
const UNDERSTOOD: readonly (keyof RunInstancesRequest)[] = [
  'BlockDeviceMappings',
  'ClientToken',
  'DryRun',
  'ImageId',
  'InstanceInitiatedShutdownBehavior',
  'InstanceMarketOptions',
  'InstanceType',
  'KeyName',
  'MaxCount',
  'MetadataOptions',
  'MinCount',
  'NetworkInterfaces',
  'Placement',
  'SecurityGroupIds',
  'SubnetId',
  'TagSpecifications',
  'UserData',
]

export async function runInstances(input: RunInstancesRequest, { world }: Call): Promise<Reservation> {
  for (const [name, value] of Object.entries(input))
    if (value !== undefined && !UNDERSTOOD.includes(name as keyof RunInstancesRequest))
      throw new ApiError('UnsupportedOperation', `the simulator does not understand ${name} of RunInstances`)
  if (input.MinCount !== 1 || input.MaxCount !== 1)
    throw new ApiError('UnsupportedOperation', 'the simulator launches one instance at a time')
  const image = imageOf(world, input.ImageId)
  const type = typeOf(input, image)
  checkUserData(input.UserData)
  const key = input.KeyName === undefined ? undefined : keyOf(world, input.KeyName)
  const place = placeOf(world, input)
  checkCapacity(world, type, place.zone, input)
  const InstanceId = world.id('i')
  const now = new Date()
  const spot = input.InstanceMarketOptions?.MarketType === 'spot'
  const data: Instance & { InstanceId: string } = {
    AmiLaunchIndex: 0,
    Architecture: image.data.Architecture,
    BlockDeviceMappings: [],
    BootMode: image.data.BootMode,
    ClientToken: input.ClientToken,
    EbsOptimized: false,
    EnaSupport: true,
    Hypervisor: 'xen',
    ImageId: image.data.ImageId,
    InstanceId,
    ...(spot ? { InstanceLifecycle: 'spot', SpotInstanceRequestId: world.id('sir') } : {}),
    InstanceType: input.InstanceType,
    KeyName: input.KeyName,
    LaunchTime: now,
    MetadataOptions: {
      State: 'pending',
      HttpTokens: input.MetadataOptions?.HttpTokens ?? 'required',
      HttpEndpoint: input.MetadataOptions?.HttpEndpoint ?? 'enabled',
      InstanceMetadataTags: input.MetadataOptions?.InstanceMetadataTags ?? 'disabled',
    },
    Monitoring: { State: 'disabled' },
    NetworkInterfaces: [],
    Placement: { AvailabilityZone: place.zone, GroupName: '', Tenancy: 'default' },
    PrivateDnsName: '',
    ProductCodes: [],
    PublicDnsName: '',
    RootDeviceName: image.data.RootDeviceName,
    RootDeviceType: 'ebs',
    SecurityGroups: place.groups.map(({ GroupId, GroupName }) => ({ GroupId, GroupName })),
    SourceDestCheck: true,
    State: { Code: 0, Name: 'pending' },
    StateTransitionReason: '',
    SubnetId: place.subnet.SubnetId,
    Tags: tagsFor('instance', input.TagSpecifications),
    VirtualizationType: 'hvm',
    VpcId: place.subnet.VpcId,
  }
  const instance: SimulatedInstance = {
    data,
    onShutdown: input.InstanceInitiatedShutdownBehavior === 'terminate' ? 'terminate' : 'stop',
    userData: input.UserData,
    console: '',
    work: Promise.resolve(),
    hollow: world.strikes('silent', place.zone, input.InstanceType),
    tellsTags: input.MetadataOptions?.InstanceMetadataTags === 'enabled',
    publicKey: key,
  }
  world.instances.add(InstanceId, instance)
  attachVolumes(world, instance, image, input)
  attachFirstCard(world, instance, place, input)
  bootInstance(world, instance, {
    id: InstanceId,
    cloud: 'ec2',
    image: image.boots,
    document: documentOf(world, instance, input),
    ipv6: place.ipv6,
    disks: furtherDisks(image, input).map(({ Ebs }) => Ebs?.VolumeSize ?? 1),
  })
  // The instance goes on changing; this answer is of this moment.
  return { ReservationId: world.id('r'), OwnerId: ACCOUNT, Groups: [], Instances: [structuredClone(data)] }
}

function imageOf(world: World, id: string | undefined): SimulatedImage {
  if (id === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter ImageId')
  if (id.startsWith('resolve:ssm:')) {
    const image = byParameter(world, id.slice('resolve:ssm:'.length))
    if (!image) throw new ApiError('InvalidParameterValue', `The parameter '${id.slice(12)}' does not exist`)
    return image
  }
  if (!/^ami-[0-9a-f]{8,17}$/.test(id)) throw new ApiError('InvalidAMIID.Malformed', `Invalid id: "${id}"`)
  const image = world.images.get(id)
  if (image.data.State !== 'available')
    throw new ApiError('InvalidAMIID.Unavailable', `The image ID '${id}' is not available`)
  return image
}

function typeOf({ InstanceType: name = 'm1.small' }: RunInstancesRequest, { data }: SimulatedImage) {
  const type = TYPES.get(name)
  if (!type) throw new ApiError('InvalidParameterValue', `Invalid value '${name}' for InstanceType.`)
  if (!type.ProcessorInfo?.SupportedArchitectures?.some((architecture) => architecture === data.Architecture))
    throw new ApiError(
      'InvalidParameterValue',
      `The architecture '${type.ProcessorInfo?.SupportedArchitectures?.join(',')}' of the specified instance type does not match the architecture '${data.Architecture}' of the specified AMI.`,
    )
  const mode = data.BootMode
  if (mode && mode !== 'uefi-preferred' && !type.SupportedBootModes?.some((supported) => supported === mode))
    throw new ApiError('Unsupported', `The boot mode '${mode}' is not supported by the instance type '${name}'.`)
  return name
}

function checkUserData(userData: string | undefined): void {
  if (userData === undefined) return
  if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(userData))
    throw new ApiError('InvalidParameterValue', 'Invalid BASE64 encoding of user data')
  if (Buffer.from(userData, 'base64').length > MOST_USER_DATA)
    throw new ApiError('InvalidParameterValue', 'User data is limited to 16384 bytes')
}

function keyOf(world: World, name: string): string {
  const key = world.keys.list().find(({ data }) => data.KeyName === name)
  if (!key) throw new ApiError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`)
  return key.material
}

function checkCapacity(world: World, type: string, zone: string, input: RunInstancesRequest): void {
  if (!isOffered(type, zone))
    throw new ApiError(
      'Unsupported',
      `Your requested instance type (${type}) is not supported in your requested Availability Zone (${zone}).`,
    )
  const market = input.InstanceMarketOptions?.MarketType
  if (world.strikes('stockout', 'RunInstances', zone, type, market))
    throw new ApiError(
      'InsufficientInstanceCapacity',
      `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}).`,
      500,
    )
  const running = world.instances.all().filter(({ data }) => !/^(terminated|stopped)$/.test(data.State?.Name ?? ''))
  if (running.length >= (world.settings.quota ?? 100_000) || world.strikes('quota', 'RunInstances', zone, type, market))
    throw new ApiError(
      market === 'spot' ? 'MaxSpotInstanceCountExceeded' : 'VcpuLimitExceeded',
      'You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket that the specified instance type belongs to.',
    )
}

/** What the metadata service tells of an instance: what the request said. */
function documentOf(
  world: World,
  { data, publicKey, userData, tellsTags }: SimulatedInstance,
  input: RunInstancesRequest,
): DocumentChange {
  return {
    id: data.InstanceId,
    hostname: `ip-${data.InstanceId.slice(2, 12)}.${world.region}.compute.internal`,
    instanceType: input.InstanceType ?? 'm1.small',
    region: world.region,
    zone: data.Placement?.AvailabilityZone ?? '',
    imageId: data.ImageId ?? '',
    account: ACCOUNT,
    sshKeys: publicKey === undefined ? [] : [publicKey],
    tags: tellsTags ? Object.fromEntries((data.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])) : {},
    tokensRequired: data.MetadataOptions?.HttpTokens !== 'optional',
    ...(userData === undefined || userData === '' ? {} : { userData, userDataBase64: true }),
  }
}
