import type { Answer, Cloud, EndpointName } from '../../../src/imds/cloud.ts'
import { newDocument } from '../../../src/imds/document.ts'
import type { DocumentChange } from '../../../src/imds/document.ts'
import { splitTarget } from '../../../src/imds/listen.ts'
import { ImdsService } from '../../../src/imds/imds-service.ts'
import type { ServiceOptions } from '../../../src/imds/imds-service.ts'

export const USER_DATA = '#cloud-config\npackages: [hello]\n'
export const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample somebody@example'

export const KNOWN: DocumentChange = {
  hostname: 'web-1',
  sshKeys: [KEY],
  tags: { team: 'blue', 'enable-guest-attributes': 'TRUE' },
  userData: USER_DATA,
  vendorData: '#cloud-config\n{}\n',
  nics: [
    {
      mac: '02:00:00:00:00:01',
      ipv4: { address: '10.1.2.10', prefix: 24, gateway: '10.1.2.1', secondary: ['10.1.2.11'] },
      ipv6: { addresses: ['fd42::10'], prefix: 64, gateway: 'fd42::1' },
    },
    { mac: '02:00:00:00:00:02', ipv4: { address: '10.1.3.10', prefix: 24 } },
  ],
}

export interface Question {
  method?: string
  path: string
  headers?: Record<string, string>
  body?: string
  endpoint?: EndpointName
}

/** A service with a full document, asked without a network. */
export class Asked {
  readonly service: ImdsService

  constructor(cloud: Cloud, change: DocumentChange = {}, options: ServiceOptions = {}) {
    this.service = new ImdsService(cloud, newDocument(cloud, 'seed', { ...KNOWN, ...change }), options)
  }

  ask({ method = 'GET', path, headers = {}, body = '', endpoint = 'metadata' }: Question): Answer & { text: string } {
    const target = splitTarget(path)
    const answer = this.service.answer({ endpoint, method, ...target, headers, body })
    return { ...answer, text: Buffer.from(answer.body ?? '').toString('utf8') }
  }

  /** An EC2 token. */
  token(seconds = 60): string {
    return this.ask({
      method: 'PUT',
      path: '/latest/api/token',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) },
    }).text
  }
}
