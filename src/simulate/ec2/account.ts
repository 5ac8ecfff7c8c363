import type {
  CreateTagsRequest,
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult,
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  DescribeTagsRequest,
  DescribeTagsResult,
  ResourceType,
  Tag,
} from '@aws-sdk/client-ec2'
import { ApiError } from './api-error.ts'
import { filtered, pageOf } from './filters.ts'
import { isOffered, TYPES } from './types.ts'
import type { Call, World } from './world.ts'

export async function describeAvailabilityZones(
  _input: DescribeAvailabilityZonesRequest,
  { world }: Call,
): Promise<DescribeAvailabilityZonesResult> {
  return {
    AvailabilityZones: world.zones.map((ZoneName, index) => ({
      ZoneName,
      ZoneId: `${world.region.replaceAll(/[^a-z0-9]/g, '')}-az${index + 1}`,
      RegionName: world.region,
      State: 'available',
      ZoneType: 'availability-zone',
      OptInStatus: 'opt-in-not-required',
    })),
  }
}

export async function describeInstanceTypes(
  input: DescribeInstanceTypesRequest,
  { world }: Call,
): Promise<DescribeInstanceTypesResult> {
  const unknown = input.InstanceTypes?.filter((name) => !TYPES.has(name)) ?? []
  if (unknown.length > 0)
    throw new ApiError(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
    )
  const all = [...TYPES.values()]
  const found = input.InstanceTypes?.length
    ? all.filter(({ InstanceType = '' }) => input.InstanceTypes?.some((name) => name === InstanceType))
    : all
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { InstanceTypes: items, ...more }
}

export async function describeInstanceTypeOfferings(
  input: DescribeInstanceTypeOfferingsRequest,
  { world }: Call,
): Promise<DescribeInstanceTypeOfferingsResult> {
  const wanted = input.Filters?.find(({ Name }) => Name === 'instance-type')?.Values
  const all = [...TYPES.values()].flatMap(({ InstanceType }) =>
    world.zones
      .filter((zone) => isOffered(InstanceType ?? '', zone) && (wanted?.includes(InstanceType ?? '') ?? true))
      .map((Location) => ({ InstanceType, LocationType: 'availability-zone' as const, Location })),
  )
  const { items, ...more } = pageOf(all, input, world.pageSize)
  return { InstanceTypeOfferings: items, ...more }
}

export async function createTags(input: CreateTagsRequest, { world }: Call): Promise<object> {
  for (const id of input.Resources ?? []) {
    const tags = tagsOf(world, id)
    for (const tag of input.Tags ?? []) {
      const present = tags.find(({ Key }) => Key === tag.Key)
      if (present) present.Value = tag.Value
      else tags.push(tag)
    }
    const instance = world.instances.peek(id)
    if (instance?.tellsTags)
      await world.settings.backend.tell(id, {
        tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
      })
  }
  return {}
}

function tagsOf(world: World, id: string): Tag[] {
  const { instances, images, snapshots, volumes, groups, vpcs, subnets } = world
  const found = id.startsWith('i-')
    ? instances.get(id).data
    : id.startsWith('ami-')
      ? images.get(id).data
      : id.startsWith('snap-')
        ? snapshots.get(id).data
        : [volumes, groups, vpcs, subnets].map((shelf) => shelf.peek(id)).find((item) => item !== undefined)
  if (!found) throw new ApiError('InvalidID', `The ID '${id}' is not valid`)
  return (found.Tags ??= [])
}

/** Every mark of every resource that is listed; those of a terminated instance stay as long as it is listed. */
export async function describeTags(input: DescribeTagsRequest, { world }: Call): Promise<DescribeTagsResult> {
  const of = (ResourceType: ResourceType, id: string | undefined, tags: readonly Tag[] | undefined) =>
    (tags ?? []).map(({ Key, Value }) => ({ ResourceType, ResourceId: id, Key, Value }))
  const all = [
    ...world.instances.list().flatMap(({ data }) => of('instance', data.InstanceId, data.Tags)),
    ...world.images.list().flatMap(({ data }) => of('image', data.ImageId, data.Tags)),
    ...world.snapshots.list().flatMap(({ data }) => of('snapshot', data.SnapshotId, data.Tags)),
    ...world.volumes.list().flatMap(({ VolumeId, Tags }) => of('volume', VolumeId, Tags)),
    ...world.keys.list().flatMap(({ data }) => of('key-pair', data.KeyPairId, data.Tags)),
    ...world.groups.list().flatMap(({ GroupId, Tags }) => of('security-group', GroupId, Tags)),
    ...world.vpcs.list().flatMap(({ VpcId, Tags }) => of('vpc', VpcId, Tags)),
    ...world.subnets.list().flatMap(({ SubnetId, Tags }) => of('subnet', SubnetId, Tags)),
    ...world.gateways.list().flatMap(({ InternetGatewayId, Tags }) => of('internet-gateway', InternetGatewayId, Tags)),
    ...world.cards.list().flatMap((card) => of('network-interface', card.NetworkInterfaceId, card.TagSet)),
  ]
  const found = filtered(
    all.map((tag) => ({ tag, Tags: [] })),
    input.Filters,
    {
      key: ({ tag }) => [tag.Key],
      value: ({ tag }) => [tag.Value],
      'resource-id': ({ tag }) => [tag.ResourceId],
      'resource-type': ({ tag }) => [tag.ResourceType],
    },
  )
  const { items, ...more } = pageOf(found, input, Math.max(world.pageSize, 5))
  return { Tags: items.map(({ tag }) => tag), ...more }
}
