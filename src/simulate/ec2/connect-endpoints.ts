import type {
  CreateInstanceConnectEndpointRequest,
  CreateInstanceConnectEndpointResult,
  DeleteInstanceConnectEndpointRequest,
  DeleteInstanceConnectEndpointResult,
  DescribeInstanceConnectEndpointsRequest,
  DescribeInstanceConnectEndpointsResult,
  Ec2InstanceConnectEndpoint,
} from '@aws-sdk/client-ec2'
import type { ApiRequest, UpgradeReply } from '../serve.ts'
import { carryBytes, connectGuest } from '../tunnel.ts'
import { ApiError } from './api-error.ts'
import { authorize, readPresigned } from './caller.ts'
import type { Principal } from './caller.ts'
import { filtered, pageOf } from './filters.ts'
import type { Call, World } from './world.ts'
import { ACCOUNT, tagsFor } from './world.ts'

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html */
const MOST_SECONDS = 3600

export async function createInstanceConnectEndpoint(
  input: CreateInstanceConnectEndpointRequest,
  { world }: Call,
): Promise<CreateInstanceConnectEndpointResult> {
  const subnet = world.subnets.get(input.SubnetId)
  const InstanceConnectEndpointId = world.id('eice')
  const endpoint: Ec2InstanceConnectEndpoint = {
    InstanceConnectEndpointId,
    InstanceConnectEndpointArn: `arn:aws:ec2:${world.region}:${ACCOUNT}:instance-connect-endpoint/${InstanceConnectEndpointId}`,
    OwnerId: ACCOUNT,
    State: 'create-in-progress',
    // The service has a name for each endpoint; here all are this server.
    DnsName: world.host,
    SubnetId: input.SubnetId,
    VpcId: subnet.VpcId,
    AvailabilityZone: subnet.AvailabilityZone,
    CreatedAt: new Date(),
    PreserveClientIp: input.PreserveClientIp ?? false,
    SecurityGroupIds: input.SecurityGroupIds ?? [],
    NetworkInterfaceIds: [],
    Tags: tagsFor('instance-connect-endpoint', input.TagSpecifications),
  }
  world.connectEndpoints.add(InstanceConnectEndpointId, endpoint)
  setTimeout(() => (endpoint.State = 'create-complete'), world.pendingMs).unref()
  return { InstanceConnectEndpoint: endpoint }
}

export async function describeInstanceConnectEndpoints(
  input: DescribeInstanceConnectEndpointsRequest,
  { world }: Call,
): Promise<DescribeInstanceConnectEndpointsResult> {
  const found = filtered(world.connectEndpoints.list(input.InstanceConnectEndpointIds), input.Filters, {
    'instance-connect-endpoint-id': ({ InstanceConnectEndpointId }) => [InstanceConnectEndpointId],
    state: ({ State }) => [State],
    'subnet-id': ({ SubnetId }) => [SubnetId],
    'vpc-id': ({ VpcId }) => [VpcId],
  })
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return { InstanceConnectEndpoints: items, ...more }
}

export async function deleteInstanceConnectEndpoint(
  input: DeleteInstanceConnectEndpointRequest,
  { world }: Call,
): Promise<DeleteInstanceConnectEndpointResult> {
  const endpoint = world.connectEndpoints.get(input.InstanceConnectEndpointId)
  world.connectEndpoints.delete(input.InstanceConnectEndpointId ?? '')
  return { InstanceConnectEndpoint: { ...endpoint, State: 'delete-in-progress' } }
}

/** Answers the request for a tunnel: a signed address, and then the bytes of a port of an instance. */
export async function openTunnel(
  { url, headers }: Omit<ApiRequest, 'body'>,
  principals: Readonly<Record<string, Principal>>,
  worldOf: (region: string) => World,
): Promise<UpgradeReply> {
  try {
    const query = url.searchParams
    const caller = readPresigned(query, headers['host'] ?? '', principals, Date.now())
    if (caller.service !== 'ec2-instance-connect') throw new ApiError('AccessDenied', 'signed for another service', 403)
    const remotePort = query.get('remotePort') ?? '22'
    authorize(caller, 'ec2-instance-connect:OpenTunnel', { 'ec2-instance-connect:remotePort': remotePort })
    const world = worldOf(caller.region)
    const endpoint = world.connectEndpoints.get(query.get('instanceConnectEndpointId') ?? '')
    if (endpoint.State !== 'create-complete') throw new ApiError('InvalidState', 'the endpoint is not there yet')
    const seconds = Number(query.get('maxTunnelDuration') ?? MOST_SECONDS)
    if (!(seconds >= 1 && seconds <= MOST_SECONDS)) throw new ApiError('InvalidParameter', 'maxTunnelDuration')
    const address = query.get('privateIpAddress')
    const instance = world.instances.all().find(({ data }) => data.PrivateIpAddress === address)
    if (!instance || instance.data.VpcId !== endpoint.VpcId) throw new ApiError('InvalidParameter', 'privateIpAddress')
    const [nic] = await world.settings.backend.nics(instance.data.InstanceId)
    const port = Number(remotePort)
    return {
      accept: async (socket) => {
        const timer = setTimeout(() => socket.close(1000, 'the tunnel was open as long as it may be'), seconds * 1000)
        socket.on('close', () => clearTimeout(timer))
        const line = await connectGuest({ host: nic?.ipv4.address ?? '', port }).catch(() => undefined)
        if (line) carryBytes(socket, line)
        else socket.close(1011, 'the instance cannot be reached')
      },
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { status: error.status, body: error.message }
  }
}
