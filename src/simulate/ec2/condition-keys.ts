import type { Tag, TagSpecification } from '@aws-sdk/client-ec2'
import type { World } from './world.ts'

/** What a request is about, as far as policies look at it. */
interface About {
  TagSpecifications?: readonly TagSpecification[]
  Tags?: readonly Tag[]
  InstanceIds?: readonly string[]
  [name: string]: unknown
}

/**
 * The actions a caller needs for a request, each with values of condition keys. Tagging at creation needs `ec2:CreateTags` too
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html).
 */
export function conditionKeys(
  world: World,
  action: string,
  input: object,
): [name: string, context: Record<string, string>][] {
  const about = input as About
  const given = [...(about.TagSpecifications ?? []).flatMap(({ Tags }) => Tags ?? []), ...(about.Tags ?? [])]
  const requested = prefixed('aws:RequestTag', given)
  const context = {
    ...requested,
    ...prefixed('aws:ResourceTag', tagsAt(world, about)),
    'aws:RequestedRegion': world.region,
  }
  const own: [string, Record<string, string>] = [`ec2:${action}`, context]
  if (!about.TagSpecifications?.length) return [own]
  return [own, ['ec2:CreateTags', { ...context, 'ec2:CreateAction': action }]]
}

function tagsAt(world: World, about: About): readonly Tag[] {
  const [instance = about['InstanceId']] = about.InstanceIds ?? []
  if (typeof instance === 'string') return world.instances.peek(instance)?.data.Tags ?? []
  const {
    ImageId,
    SnapshotId,
    VolumeId,
    GroupId,
    VpcId,
    SubnetId,
    NetworkInterfaceId,
    AttachmentId,
    InternetGatewayId,
    KeyName,
    KeyPairId,
  } = about
  const id = (value: unknown) => (typeof value === 'string' ? value : '')
  return (
    world.cards.all().find(({ Attachment }) => AttachmentId !== undefined && Attachment?.AttachmentId === AttachmentId)
      ?.TagSet ??
    world.snapshots.peek(id(SnapshotId))?.data.Tags ??
    world.volumes.peek(id(VolumeId))?.Tags ??
    world.groups.peek(id(GroupId))?.Tags ??
    world.subnets.peek(id(SubnetId))?.Tags ??
    world.cards.peek(id(NetworkInterfaceId))?.TagSet ??
    world.gateways.peek(id(InternetGatewayId))?.Tags ??
    world.vpcs.peek(id(VpcId))?.Tags ??
    world.images.peek(id(ImageId))?.data.Tags ??
    world.keys.peek(id(KeyPairId))?.data.Tags ??
    world.keys.all().find(({ data }) => data.KeyName === KeyName)?.data.Tags ??
    []
  )
}

function prefixed(prefix: string, tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value = '' }) => [`${prefix}/${Key}`, Value]))
}
