import type {
  AttachNetworkInterfaceRequest,
  AttachNetworkInterfaceResult,
  CreateNetworkInterfaceRequest,
  CreateNetworkInterfaceResult,
  DeleteNetworkInterfaceRequest,
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult,
  DetachNetworkInterfaceRequest,
  ModifyNetworkInterfaceAttributeRequest,
  NetworkInterface,
  RunInstancesRequest,
  SecurityGroup,
  Subnet,
} from '@aws-sdk/client-ec2'
import { ApiError } from './api-error.ts'
import { filtered, pageOf } from './filters.ts'
import { TYPES } from './types.ts'
import type { Call, SimulatedInstance, World } from './world.ts'
import { ACCOUNT, tagsFor } from './world.ts'

interface Place {
  subnet: Subnet
  zone: string
  groups: SecurityGroup[]
  public: boolean
  ipv6: boolean
}

/** Where a launch goes: its subnet, zone and security groups. @throws ApiError */
export function placeOf(world: World, input: RunInstancesRequest): Place {
  const [card] = input.NetworkInterfaces ?? []
  const subnetId = card?.SubnetId ?? input.SubnetId
  const wanted = input.Placement?.AvailabilityZone
  const all = world.subnets.list()
  const subnet =
    subnetId === undefined
      ? all.find(
          ({ DefaultForAz, AvailabilityZone }) => DefaultForAz && (wanted === undefined || AvailabilityZone === wanted),
        )
      : world.subnets.get(subnetId)
  if (!subnet) throw new ApiError('MissingInput', `No subnets found for the default VPC. Please specify a subnet.`)
  if (wanted !== undefined && subnet.AvailabilityZone !== wanted)
    throw new ApiError('InvalidParameterValue', 'The zone is not that of the subnet')
  const ids = card?.Groups ?? input.SecurityGroupIds ?? []
  const groups = ids.map((id) => world.groups.get(id))
  const foreign = groups.find(({ VpcId }) => VpcId !== subnet.VpcId)
  if (foreign)
    throw new ApiError(
      'InvalidParameter',
      `Security group ${foreign.GroupId} and subnet ${subnet.SubnetId} belong to different networks.`,
    )
  return {
    subnet,
    zone: subnet.AvailabilityZone ?? '',
    groups,
    public: card?.AssociatePublicIpAddress ?? subnet.MapPublicIpOnLaunch ?? false,
    ipv6: (card?.Ipv6AddressCount ?? 0) > 0,
  }
}

export function attachFirstCard(
  world: World,
  instance: SimulatedInstance,
  place: Place,
  input: RunInstancesRequest,
): void {
  const id = world.id('eni')
  const card: NetworkInterface = {
    ...newCard(id, place.subnet, place.groups),
    Status: 'in-use',
    TagSet: tagsFor('network-interface', input.TagSpecifications),
    Attachment: attachment(world, instance, 0, true),
    ...(place.public ? { Association: { IpOwnerId: 'amazon', PublicIp: '' } } : {}),
  }
  world.cards.add(id, card, 0)
}

function newCard(id: string, subnet: Subnet, groups: readonly SecurityGroup[]): NetworkInterface {
  return {
    NetworkInterfaceId: id,
    OwnerId: ACCOUNT,
    SubnetId: subnet.SubnetId,
    VpcId: subnet.VpcId,
    AvailabilityZone: subnet.AvailabilityZone,
    Status: 'available',
    Groups: groups.map(({ GroupId, GroupName }) => ({ GroupId, GroupName })),
    InterfaceType: 'interface',
    SourceDestCheck: true,
  }
}

function attachment(world: World, { data }: SimulatedInstance, index: number, deletes: boolean) {
  return {
    AttachmentId: world.id('eni-attach'),
    AttachTime: new Date(),
    DeleteOnTermination: deletes,
    DeviceIndex: index,
    InstanceId: data.InstanceId,
    InstanceOwnerId: ACCOUNT,
    Status: 'attached' as const,
  }
}

function cardsOf(world: World, id: string): NetworkInterface[] {
  return world.cards
    .all()
    .filter(({ Attachment }) => Attachment?.InstanceId === id)
    .sort((a, b) => (a.Attachment?.DeviceIndex ?? 0) - (b.Attachment?.DeviceIndex ?? 0))
}

/** Copies the addresses that the machine got in the back end into the answers. */
export async function showAddresses(world: World, instance: SimulatedInstance): Promise<void> {
  const { data, hollow } = instance
  const nics = hollow ? [] : await world.settings.backend.nics(data.InstanceId)
  const cards = cardsOf(world, data.InstanceId)
  for (const [index, card] of cards.entries()) {
    const nic = nics[index]
    // The network for documentation (RFC 5737): nothing ever answers there.
    card.PrivateIpAddress = nic?.ipv4.address ?? '192.0.2.1'
    if (nic) card.MacAddress = nic.mac
    if (card.Association) card.Association.PublicIp = card.PrivateIpAddress
    card.Ipv6Addresses = (nic?.ipv6?.addresses ?? []).map((Ipv6Address) => ({ Ipv6Address }))
  }
  showCards(world, instance)
}

function showCards(world: World, { data }: SimulatedInstance): void {
  const cards = cardsOf(world, data.InstanceId)
  data.NetworkInterfaces = cards.map(({ InterfaceType, Attachment, ...card }) => ({
    NetworkInterfaceId: card.NetworkInterfaceId,
    SubnetId: card.SubnetId,
    VpcId: card.VpcId,
    OwnerId: card.OwnerId,
    MacAddress: card.MacAddress,
    PrivateIpAddress: card.PrivateIpAddress,
    Status: 'in-use',
    Groups: card.Groups,
    InterfaceType,
    Ipv6Addresses: card.Ipv6Addresses,
    ...(card.Association ? { Association: { IpOwnerId: 'amazon', PublicIp: card.Association.PublicIp } } : {}),
    Attachment: {
      AttachmentId: Attachment?.AttachmentId,
      DeleteOnTermination: Attachment?.DeleteOnTermination,
      DeviceIndex: Attachment?.DeviceIndex,
      Status: 'attached',
    },
  }))
  const [first] = cards
  data.PrivateIpAddress = first?.PrivateIpAddress
  data.PublicIpAddress = first?.Association?.PublicIp
  data.Ipv6Address = first?.Ipv6Addresses?.[0]?.Ipv6Address
}

export function releaseCards(world: World, instance: SimulatedInstance): void {
  for (const card of cardsOf(world, instance.data.InstanceId)) {
    if (card.Attachment?.DeleteOnTermination) world.cards.delete(card.NetworkInterfaceId ?? '')
    else release(card)
  }
  showCards(world, instance)
}

function release(card: NetworkInterface): void {
  card.Status = 'available'
  delete card.Attachment
}

export async function createNetworkInterface(
  input: CreateNetworkInterfaceRequest,
  { world }: Call,
): Promise<CreateNetworkInterfaceResult> {
  const id = world.id('eni')
  const groups = (input.Groups ?? []).map((group) => world.groups.get(group))
  const card = newCard(id, world.subnets.get(input.SubnetId), groups)
  card.TagSet = tagsFor('network-interface', input.TagSpecifications)
  return { NetworkInterface: world.cards.add(id, card) }
}

export async function attachNetworkInterface(
  input: AttachNetworkInterfaceRequest,
  { world }: Call,
): Promise<AttachNetworkInterfaceResult> {
  const card = world.cards.get(input.NetworkInterfaceId)
  const instance = world.instances.get(input.InstanceId)
  if (card.Attachment) throw new ApiError('InvalidParameterValue', `The interface ${card.NetworkInterfaceId} is in use`)
  const most = TYPES.get(instance.data.InstanceType ?? '')?.NetworkInfo?.MaximumNetworkInterfaces ?? 2
  if (cardsOf(world, instance.data.InstanceId).length >= most)
    throw new ApiError('AttachmentLimitExceeded', `Interface count exceeds the limit for ${instance.data.InstanceType}`)
  await instance.work
  const mac = await world.settings.backend.addNic(instance.data.InstanceId)
  card.Attachment = attachment(world, instance, input.DeviceIndex ?? 1, false)
  card.Status = 'in-use'
  card.Description = mac
  await showAddresses(world, instance)
  return { AttachmentId: card.Attachment.AttachmentId }
}

export async function detachNetworkInterface(input: DetachNetworkInterfaceRequest, { world }: Call): Promise<object> {
  const card = world.cards.all().find(({ Attachment }) => Attachment?.AttachmentId === input.AttachmentId)
  const instance = world.instances.peek(card?.Attachment?.InstanceId ?? '')
  if (!card || !instance)
    throw new ApiError('InvalidAttachmentID.NotFound', `The attachment '${input.AttachmentId}' does not exist`)
  if (card.Attachment?.DeviceIndex === 0)
    throw new ApiError('OperationNotPermitted', 'The network interface at device index 0 cannot be detached.')
  await world.settings.backend.removeDevice(instance.data.InstanceId, card.Description ?? '')
  release(card)
  await showAddresses(world, instance)
  return {}
}

export async function modifyNetworkInterfaceAttribute(
  input: ModifyNetworkInterfaceAttributeRequest,
  { world }: Call,
): Promise<object> {
  const { Attachment } = world.cards.get(input.NetworkInterfaceId)
  const wanted = input.Attachment
  if (wanted?.DeleteOnTermination === undefined)
    throw new ApiError('UnsupportedOperation', 'the simulator changes only DeleteOnTermination of cards')
  if (!Attachment || Attachment.AttachmentId !== wanted.AttachmentId)
    throw new ApiError('InvalidAttachmentID.NotFound', `The attachment '${wanted.AttachmentId}' does not exist`)
  Attachment.DeleteOnTermination = wanted.DeleteOnTermination
  return {}
}

export async function deleteNetworkInterface(input: DeleteNetworkInterfaceRequest, { world }: Call): Promise<object> {
  const card = world.cards.get(input.NetworkInterfaceId)
  if (card.Attachment)
    throw new ApiError('InvalidParameterValue', `Network interface '${card.NetworkInterfaceId}' is currently in use.`)
  world.cards.delete(card.NetworkInterfaceId ?? '')
  return {}
}

export async function describeNetworkInterfaces(
  input: DescribeNetworkInterfacesRequest,
  { world }: Call,
): Promise<DescribeNetworkInterfacesResult> {
  const tagged = world.cards.list(input.NetworkInterfaceIds).map((card) => ({ Tags: card.TagSet, card }))
  const found = filtered(tagged, input.Filters, {
    status: ({ card }) => [card.Status],
    'network-interface-id': ({ card }) => [card.NetworkInterfaceId],
    'attachment.instance-id': ({ card }) => [card.Attachment?.InstanceId],
    'vpc-id': ({ card }) => [card.VpcId],
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { NetworkInterfaces: items.map(({ card }) => card), ...more }
}
