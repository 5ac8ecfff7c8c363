import type {
  AuthorizeSecurityGroupIngressRequest,
  AuthorizeSecurityGroupIngressResult,
  CreateSecurityGroupRequest,
  CreateSecurityGroupResult,
  CreateSubnetRequest,
  CreateSubnetResult,
  CreateVpcRequest,
  CreateVpcResult,
  DeleteSecurityGroupRequest,
  DeleteSubnetRequest,
  DeleteVpcRequest,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DescribeVpcsRequest,
  DescribeVpcsResult,
  ModifySubnetAttributeRequest,
} from '@aws-sdk/client-ec2'
import { ApiError } from './api-error.ts'
import { filtered, pageOf } from './filters.ts'
import type { Call, World } from './world.ts'
import { ACCOUNT, tagsFor } from './world.ts'

/** The VPC that AWS makes in every region of a new account, with a subnet in every zone. */
export function defaultNetwork(world: World): void {
  const VpcId = world.id('vpc')
  world.vpcs.add(
    VpcId,
    { VpcId, IsDefault: true, CidrBlock: '172.31.0.0/16', State: 'available', OwnerId: ACCOUNT, Tags: [] },
    0,
  )
  for (const [index, zone] of world.zones.entries()) addSubnet(world, VpcId, zone, `172.31.${index * 16}.0/20`, true)
  addGroup(world, VpcId, 'default', 'default VPC security group')
}

function addSubnet(world: World, VpcId: string, zone: string | undefined, CidrBlock: string, isDefault: boolean) {
  const SubnetId = world.id('subnet')
  return world.subnets.add(
    SubnetId,
    {
      SubnetId,
      VpcId,
      AvailabilityZone: zone ?? world.zones[0],
      CidrBlock,
      DefaultForAz: isDefault,
      MapPublicIpOnLaunch: isDefault,
      State: 'available',
      OwnerId: ACCOUNT,
      AvailableIpAddressCount: 4091,
      Tags: [],
    },
    ...(isDefault ? [0] : []),
  )
}

function addGroup(world: World, VpcId: string, GroupName: string, Description: string) {
  const GroupId = world.id('sg')
  const group = {
    GroupId,
    GroupName,
    VpcId,
    Description,
    OwnerId: ACCOUNT,
    IpPermissions: [],
    IpPermissionsEgress: [],
    Tags: [],
  }
  return world.groups.add(GroupId, group, ...(GroupName === 'default' ? [0] : []))
}

export async function describeVpcs(input: DescribeVpcsRequest, { world }: Call): Promise<DescribeVpcsResult> {
  const found = filtered(world.vpcs.list(input.VpcIds), input.Filters, {
    'is-default': ({ IsDefault }) => [String(IsDefault)],
    isDefault: ({ IsDefault }) => [String(IsDefault)],
    'vpc-id': ({ VpcId }) => [VpcId],
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { Vpcs: items, ...more }
}

export async function createVpc(input: CreateVpcRequest, { world }: Call): Promise<CreateVpcResult> {
  if (world.vpcs.all().length >= 5)
    throw new ApiError('VpcLimitExceeded', 'The maximum number of VPCs has been reached.')
  const VpcId = world.id('vpc')
  const Vpc = world.vpcs.add(VpcId, {
    VpcId,
    IsDefault: false,
    CidrBlock: input.CidrBlock,
    State: 'available',
    OwnerId: ACCOUNT,
    Tags: tagsFor('vpc', input.TagSpecifications),
  })
  addGroup(world, VpcId, 'default', 'default VPC security group')
  return { Vpc }
}

export async function deleteVpc(input: DeleteVpcRequest, { world }: Call): Promise<object> {
  const { VpcId = '' } = world.vpcs.get(input.VpcId)
  const used = world.subnets.all().some((subnet) => subnet.VpcId === VpcId)
  const groups = world.groups.all().filter((group) => group.VpcId === VpcId)
  const gateways = world.gateways.all().some(({ Attachments }) => Attachments?.some((one) => one.VpcId === VpcId))
  if (used || gateways || groups.some(({ GroupName }) => GroupName !== 'default'))
    throw new ApiError('DependencyViolation', `The vpc '${VpcId}' has dependencies and cannot be deleted.`)
  for (const { GroupId } of groups) world.groups.delete(GroupId ?? '')
  world.vpcs.delete(VpcId)
  return {}
}

export async function describeSubnets(input: DescribeSubnetsRequest, { world }: Call): Promise<DescribeSubnetsResult> {
  const found = filtered(world.subnets.list(input.SubnetIds), input.Filters, {
    'vpc-id': ({ VpcId }) => [VpcId],
    'default-for-az': ({ DefaultForAz }) => [String(DefaultForAz)],
    'availability-zone': ({ AvailabilityZone }) => [AvailabilityZone],
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { Subnets: items, ...more }
}

export async function createSubnet(input: CreateSubnetRequest, { world }: Call): Promise<CreateSubnetResult> {
  const { VpcId = '' } = world.vpcs.get(input.VpcId)
  const Subnet = addSubnet(world, VpcId, input.AvailabilityZone, input.CidrBlock ?? '', false)
  Subnet.Tags?.push(...tagsFor('subnet', input.TagSpecifications))
  return { Subnet }
}

export async function modifySubnetAttribute(input: ModifySubnetAttributeRequest, { world }: Call): Promise<object> {
  const subnet = world.subnets.get(input.SubnetId)
  if (input.MapPublicIpOnLaunch === undefined)
    throw new ApiError('UnsupportedOperation', 'the simulator changes only MapPublicIpOnLaunch of subnets')
  subnet.MapPublicIpOnLaunch = input.MapPublicIpOnLaunch.Value
  return {}
}

export async function deleteSubnet(input: DeleteSubnetRequest, { world }: Call): Promise<object> {
  const { SubnetId = '' } = world.subnets.get(input.SubnetId)
  if (world.cards.all().some((card) => card.SubnetId === SubnetId))
    throw new ApiError('DependencyViolation', `The subnet '${SubnetId}' has dependencies and cannot be deleted.`)
  world.subnets.delete(SubnetId)
  return {}
}

export async function createSecurityGroup(
  input: CreateSecurityGroupRequest,
  { world }: Call,
): Promise<CreateSecurityGroupResult> {
  const { VpcId = '' } = world.vpcs.get(input.VpcId)
  const { GroupName = '', Description = '' } = input
  if (world.groups.all().some((group) => group.VpcId === VpcId && group.GroupName === GroupName))
    throw new ApiError('InvalidGroup.Duplicate', `The security group '${GroupName}' already exists for VPC '${VpcId}'`)
  if (GroupName.length > 255 || GroupName.startsWith('sg-'))
    throw new ApiError('InvalidParameterValue', `Value (${GroupName}) for parameter GroupName is invalid.`)
  const group = addGroup(world, VpcId, GroupName, Description)
  group.Tags?.push(...tagsFor('security-group', input.TagSpecifications))
  return { GroupId: group.GroupId, Tags: group.Tags }
}

export async function authorizeSecurityGroupIngress(
  input: AuthorizeSecurityGroupIngressRequest,
  { world }: Call,
): Promise<AuthorizeSecurityGroupIngressResult> {
  const group = world.groups.get(input.GroupId)
  const same = (a: object) => (b: object) => JSON.stringify(a) === JSON.stringify(b)
  for (const permission of input.IpPermissions ?? [])
    if (group.IpPermissions?.some(same(permission)))
      throw new ApiError('InvalidPermission.Duplicate', 'the specified rule already exists')
  group.IpPermissions?.push(...(input.IpPermissions ?? []))
  return { Return: true }
}

export async function describeSecurityGroups(
  input: DescribeSecurityGroupsRequest,
  { world }: Call,
): Promise<DescribeSecurityGroupsResult> {
  const found = filtered(world.groups.list(input.GroupIds), input.Filters, {
    'group-name': ({ GroupName }) => [GroupName],
    'vpc-id': ({ VpcId }) => [VpcId],
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { SecurityGroups: items, ...more }
}

export async function deleteSecurityGroup(input: DeleteSecurityGroupRequest, { world }: Call): Promise<object> {
  const { GroupId = '' } = world.groups.get(input.GroupId)
  if (world.cards.all().some(({ Groups }) => Groups?.some((group) => group.GroupId === GroupId)))
    throw new ApiError('DependencyViolation', `resource ${GroupId} has a dependent object`)
  world.groups.delete(GroupId)
  return { Return: true, GroupId }
}
