import { EC2 } from '@aws-sdk/client-ec2'
import { waitUntil } from '../../../../src/core/wait-until.ts'
import type { Simulator } from '../../../../src/simulate/simulator.ts'

/** Makes an EC2 Instance Connect Endpoint, as whoever owns the account would. */
export async function makeEndpoint(simulator: Simulator): Promise<void> {
  const credentials = { accessKeyId: 'AKIASIMULATED0000000', secretAccessKey: 'any' }
  const ec2 = new EC2({ endpoint: simulator.endpoint, region: 'eu-west-1', credentials })
  try {
    const { Subnets } = await ec2.describeSubnets({})
    await ec2.createInstanceConnectEndpoint({ SubnetId: Subnets?.[0]?.SubnetId })
    await waitUntil({ what: 'the endpoint', deadlineMs: 20_000 }, async () => {
      const { InstanceConnectEndpoints } = await ec2.describeInstanceConnectEndpoints({})
      const state = InstanceConnectEndpoints?.[0]?.State
      return state === 'create-complete' ? { done: true, value: undefined } : { done: false, saw: state ?? 'none' }
    })
  } finally {
    ec2.destroy()
  }
}
