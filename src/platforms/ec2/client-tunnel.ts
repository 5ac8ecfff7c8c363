import type { Duplex } from 'node:stream'
import type * as Sdk from '@aws-sdk/client-ec2'
import { PlatformError, UnsupportedError } from '../../core/errors.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { bytesOf, openWebTunnel } from '../web-tunnel.ts'
import type { Ec2Client } from './client.ts'

type Endpoint = Sdk.Ec2InstanceConnectEndpoint

/** A signature is good for so long, seconds; a tunnel that was opened stays for an hour, which is the longest there is. */
const SIGNED_S = 60
const TUNNEL_S = 3600

/**
 * Lines to the SSH port of machines through EC2 Instance Connect Endpoints, which the account has to have already.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-with-ec2-instance-connect-endpoint.html tells what they are, the AWS
 * command line how a tunnel is asked for.
 */
export class ConnectEndpoints {
  readonly #client: Ec2Client
  readonly #known = new Map<string, Promise<Endpoint>>()

  constructor(client: Ec2Client) {
    this.#client = client
  }

  /** The endpoint of a VPC, looked for once. @throws PlatformError not-found */
  of(vpc: string, waiting: CallWaiting): Promise<Endpoint> {
    const known = this.#known.get(vpc)
    if (known) return known
    const finding = this.#find(vpc, waiting)
    this.#known.set(vpc, finding)
    finding.catch(() => this.#known.delete(vpc))
    return finding
  }

  /** @throws PlatformError auth, not-found; TransportError refused */
  async dial(instance: Sdk.Instance, port: number, waiting: CallWaiting): Promise<Duplex> {
    const endpoint = await this.of(instance.VpcId ?? '', waiting)
    const what = `the tunnel of ${endpoint.InstanceConnectEndpointId} to ${instance.InstanceId}`
    const query = {
      instanceConnectEndpointId: endpoint.InstanceConnectEndpointId ?? '',
      maxTunnelDuration: String(TUNNEL_S),
      privateIpAddress: instance.PrivateIpAddress ?? '',
      remotePort: String(port),
    }
    const url = await this.#sign(endpoint.DnsName ?? '', query)
    return bytesOf(await openWebTunnel({ what, url, agent: this.#client.connection.agent }, waiting))
  }

  async #find(vpc: string, waiting: CallWaiting): Promise<Endpoint> {
    const Filters = [
      { Name: 'vpc-id', Values: [vpc] },
      { Name: 'state', Values: ['create-complete'] },
    ]
    const [found] = await this.#client.list(
      'looking for an EC2 Instance Connect Endpoint',
      waiting,
      (ec2, page, options) => ec2.describeInstanceConnectEndpoints({ Filters, ...page }, options),
      ({ InstanceConnectEndpoints }) => InstanceConnectEndpoints,
    )
    if (found) return found
    throw new PlatformError('not-found', `the VPC ${vpc} has no EC2 Instance Connect Endpoint`, {
      hint: 'make one: aws ec2 create-instance-connect-endpoint --subnet-id SUBNET',
      cause: new Error(`no endpoint in ${vpc}`),
    })
  }

  async #sign(host: string, query: Record<string, string>): Promise<string> {
    const { region, endpoint, signer } = this.#client.connection
    const [hostname = '', port] = host.split(':')
    const request = { method: 'GET', protocol: 'wss:', hostname, path: '/openTunnel', query, headers: { host } }
    const name = 'ec2-instance-connect'
    const signs = await signer({ name: 'sigv4', signingName: name, signingRegion: region, properties: {} })
    if (!presigns(signs)) throw new UnsupportedError('this version of the SDK of AWS cannot sign an address')
    const signed = await signs.presign(request, { expiresIn: SIGNED_S, signingService: name, signingRegion: region })
    const plain = endpoint?.startsWith('http:') ?? false
    const address = new URL(`${plain ? 'ws' : 'wss'}://${hostname}${port === undefined ? '' : `:${port}`}/openTunnel`)
    address.search = new URLSearchParams(signed.query).toString()
    return address.href
  }
}

interface Presigner {
  presign(request: object, options: object): Promise<{ query?: Record<string, string> }>
}

function presigns(signer: object): signer is Presigner {
  return 'presign' in signer && typeof signer.presign === 'function'
}
