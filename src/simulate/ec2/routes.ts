import type {
  AttachInternetGatewayRequest,
  CreateInternetGatewayRequest,
  CreateInternetGatewayResult,
  CreateRouteRequest,
  CreateRouteResult,
  DeleteInternetGatewayRequest,
  DescribeInternetGatewaysRequest,
  DescribeInternetGatewaysResult,
  DescribeRouteTablesRequest,
  DescribeRouteTablesResult,
  DetachInternetGatewayRequest,
} from '@aws-sdk/client-ec2'
import { ApiError } from './api-error.ts'
import { filtered, pageOf } from './filters.ts'
import type { Call } from './world.ts'
import { tagsFor } from './world.ts'

export async function createInternetGateway(
  input: CreateInternetGatewayRequest,
  { world }: Call,
): Promise<CreateInternetGatewayResult> {
  const InternetGatewayId = world.id('igw')
  const gateway = { InternetGatewayId, Attachments: [], Tags: tagsFor('internet-gateway', input.TagSpecifications) }
  return { InternetGateway: world.gateways.add(InternetGatewayId, gateway) }
}

export async function attachInternetGateway(input: AttachInternetGatewayRequest, { world }: Call): Promise<object> {
  const gateway = world.gateways.get(input.InternetGatewayId)
  const { VpcId } = world.vpcs.get(input.VpcId)
  if (gateway.Attachments?.length)
    throw new ApiError('Resource.AlreadyAssociated', `resource ${input.InternetGatewayId} is already attached`)
  gateway.Attachments = [{ VpcId, State: 'attached' }]
  return {}
}

export async function detachInternetGateway(input: DetachInternetGatewayRequest, { world }: Call): Promise<object> {
  const gateway = world.gateways.get(input.InternetGatewayId)
  if (!gateway.Attachments?.length)
    throw new ApiError('Gateway.NotAttached', `resource ${input.InternetGatewayId} is not attached`)
  gateway.Attachments = []
  return {}
}

export async function deleteInternetGateway(input: DeleteInternetGatewayRequest, { world }: Call): Promise<object> {
  const gateway = world.gateways.get(input.InternetGatewayId)
  if (gateway.Attachments?.length)
    throw new ApiError('DependencyViolation', `The internetGateway '${input.InternetGatewayId}' has dependencies`)
  world.gateways.delete(input.InternetGatewayId ?? '')
  return {}
}

export async function describeInternetGateways(
  input: DescribeInternetGatewaysRequest,
  { world }: Call,
): Promise<DescribeInternetGatewaysResult> {
  const found = filtered(world.gateways.list(input.InternetGatewayIds), input.Filters, {
    'attachment.vpc-id': ({ Attachments }) => (Attachments ?? []).map(({ VpcId }) => VpcId),
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { InternetGateways: items, ...more }
}

/** Every VPC has a main route table, which goes with it. */
export async function describeRouteTables(
  input: DescribeRouteTablesRequest,
  { world }: Call,
): Promise<DescribeRouteTablesResult> {
  const tables = world.vpcs.list().map(({ VpcId = '' }) => ({
    RouteTableId: `rtb-${VpcId.slice(4)}`,
    VpcId,
    Associations: [{ Main: true, RouteTableId: `rtb-${VpcId.slice(4)}` }],
    Tags: [],
  }))
  const found = filtered(tables, input.Filters, {
    'vpc-id': ({ VpcId }) => [VpcId],
    'association.main': () => ['true'],
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { RouteTables: items, ...more }
}

export async function createRoute(input: CreateRouteRequest, { world }: Call): Promise<CreateRouteResult> {
  const { Attachments } = world.gateways.get(input.GatewayId)
  if (`rtb-${Attachments?.[0]?.VpcId?.slice(4)}` !== input.RouteTableId)
    throw new ApiError('InvalidRouteTableID.NotFound', `The routeTable ID '${input.RouteTableId}' does not exist`)
  return { Return: true }
}
