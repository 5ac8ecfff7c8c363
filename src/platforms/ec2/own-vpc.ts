import type { CallWaiting } from '../cloud-calls.ts'
import type { Owner } from '../platform.ts'
import type { Ec2Client } from './client.ts'
import { tagged, tagsOf } from './tags.ts'
import { untilKnown } from './until-known.ts'

const MOST_ZONES = 6

/** Makes a VPC with a way to the world and a subnet in every zone, for an account that has no default VPC. What fails is removed. */
export async function makeVpc(client: Ec2Client, owner: Owner, waiting: CallWaiting): Promise<string> {
  const name = `harness-${owner.runId}`
  const tags = tagsOf(owner, name)
  const made = await client.call(`making the VPC ${name}`, waiting, (ec2, options) =>
    ec2.createVpc({ CidrBlock: '10.88.0.0/16', TagSpecifications: tagged(['vpc'], tags) }, options),
  )
  const vpc = made.Vpc?.VpcId ?? ''
  try {
    await openToWorld(client, vpc, tags, waiting)
    await addSubnets(client, vpc, tags, waiting)
    return vpc
  } catch (error) {
    await removeVpc(client, vpc, { deadlineMs: 60_000 }).catch(() => undefined)
    throw error
  }
}

async function openToWorld(
  client: Ec2Client,
  vpc: string,
  tags: ReturnType<typeof tagsOf>,
  waiting: CallWaiting,
): Promise<void> {
  const gateway = await client.call('making an internet gateway', waiting, (ec2, options) =>
    ec2.createInternetGateway({ TagSpecifications: tagged(['internet-gateway'], tags) }, options),
  )
  const InternetGatewayId = gateway.InternetGateway?.InternetGatewayId ?? ''
  await untilKnown(waiting, () =>
    client.call('attaching the internet gateway', waiting, (ec2, options) =>
      ec2.attachInternetGateway({ InternetGatewayId, VpcId: vpc }, options),
    ),
  )
  const Filters = [
    { Name: 'vpc-id', Values: [vpc] },
    { Name: 'association.main', Values: ['true'] },
  ]
  const tables = await client.call('looking for the route table', waiting, (ec2, options) =>
    ec2.describeRouteTables({ Filters }, options),
  )
  const RouteTableId = tables.RouteTables?.[0]?.RouteTableId
  await client.call('adding a route', waiting, (ec2, options) =>
    ec2.createRoute({ RouteTableId, DestinationCidrBlock: '0.0.0.0/0', GatewayId: InternetGatewayId }, options),
  )
}

async function addSubnets(
  client: Ec2Client,
  vpc: string,
  tags: ReturnType<typeof tagsOf>,
  waiting: CallWaiting,
): Promise<void> {
  const found = await client.call('asking for zones', waiting, (ec2, options) =>
    ec2.describeAvailabilityZones({ Filters: [{ Name: 'zone-type', Values: ['availability-zone'] }] }, options),
  )
  const zones = (found.AvailabilityZones ?? []).slice(0, MOST_ZONES)
  for (const [index, { ZoneName }] of zones.entries()) {
    const made = await untilKnown(waiting, () =>
      client.call(`making a subnet in ${ZoneName}`, waiting, (ec2, options) =>
        ec2.createSubnet(
          {
            VpcId: vpc,
            AvailabilityZone: ZoneName,
            CidrBlock: `10.88.${index * 16}.0/20`,
            TagSpecifications: tagged(['subnet'], tags),
          },
          options,
        ),
      ),
    )
    await untilKnown(waiting, () =>
      client.call('giving public addresses to machines of the subnet', waiting, (ec2, options) =>
        ec2.modifySubnetAttribute({ SubnetId: made.Subnet?.SubnetId, MapPublicIpOnLaunch: { Value: true } }, options),
      ),
    )
  }
}

/** Removes a VPC that was made here, and what was made in it. @throws PlatformError conflict while something uses it */
export async function removeVpc(client: Ec2Client, vpc: string, waiting: CallWaiting): Promise<void> {
  const Filters = [{ Name: 'vpc-id', Values: [vpc] }]
  const subnets = await client.call('looking for subnets', waiting, (ec2, options) =>
    ec2.describeSubnets({ Filters }, options),
  )
  for (const { SubnetId } of subnets.Subnets ?? [])
    await client.forgiving(`removing the subnet ${SubnetId}`, waiting, (ec2, options) =>
      ec2.deleteSubnet({ SubnetId }, options),
    )
  const gateways = await client.call('looking for internet gateways', waiting, (ec2, options) =>
    ec2.describeInternetGateways({ Filters: [{ Name: 'attachment.vpc-id', Values: [vpc] }] }, options),
  )
  for (const { InternetGatewayId } of gateways.InternetGateways ?? []) {
    await client.forgiving('detaching the internet gateway', waiting, (ec2, options) =>
      ec2.detachInternetGateway({ InternetGatewayId, VpcId: vpc }, options),
    )
    await client.forgiving('removing the internet gateway', waiting, (ec2, options) =>
      ec2.deleteInternetGateway({ InternetGatewayId }, options),
    )
  }
  await client.forgiving(`removing the VPC ${vpc}`, waiting, (ec2, options) => ec2.deleteVpc({ VpcId: vpc }, options))
}
