import { expect, it } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { healthReports } from '../../../src/imds/azure-wire.ts'
import { CLOUDS, findCloud } from '../../../src/imds/clouds.ts'
import { newDocument } from '../../../src/imds/document.ts'
import { crawlSize } from '../../../src/imds/exchange.ts'
import { ImdsService } from '../../../src/imds/imds-service.ts'
import { Asked, KEY } from './ask.ts'

const id = { path: '/latest/meta-data/instance-id' }

it('a token is good for its time and no longer', () => {
  let now = 1_000_000
  const asked = new Asked(CLOUDS.ec2, {}, { now: () => now })
  const headers = { 'x-aws-ec2-metadata-token': asked.token(60) }
  now += 59_999
  expect(asked.ask({ ...id, headers }).status).toBe(200)
  now += 1
  expect(asked.ask({ ...id, headers }).status).toBe(401)
})

it('a token of another service is refused', () => {
  const headers = { 'x-aws-ec2-metadata-token': new Asked(CLOUDS.ec2).token() }
  expect(new Asked(CLOUDS.ec2).ask({ ...id, headers }).status).toBe(401)
})

it('a changed token is refused, however it was changed', () => {
  const asked = new Asked(CLOUDS.ec2)
  const token = asked.token()
  for (let at = 0; at < token.length; at++) {
    const wrong = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    expect(asked.ask({ ...id, headers: { 'x-aws-ec2-metadata-token': wrong } }).status, wrong).toBe(401)
  }
})

it('the fault token-expired refuses tokens made before, and those made after are good', () => {
  let now = 1000
  const asked = new Asked(CLOUDS.ec2, {}, { now: () => now++ })
  const headers = { 'x-aws-ec2-metadata-token': asked.token() }
  asked.service.setFaults([{ kind: 'token-expired', times: 1 }])
  expect(
    asked.service.strike({
      endpoint: 'metadata',
      method: 'GET',
      path: '/',
      query: new URLSearchParams(),
      headers: {},
      body: '',
    })?.kind,
  ).toBe('token-expired')
  expect(asked.ask({ ...id, headers }).status).toBe(401)
  expect(asked.ask({ ...id, headers: { 'x-aws-ec2-metadata-token': asked.token() } }).status).toBe(200)
})

it('without required tokens EC2 and Oracle answer the old way too', () => {
  expect(new Asked(CLOUDS.ec2, { tokensRequired: false }).ask(id).status).toBe(200)
  expect(new Asked(CLOUDS.oracle, { tokensRequired: false }).ask({ path: '/opc/v1/instance/' }).status).toBe(200)
})

it('user-data that are absent are not found, or empty, as each cloud has it', () => {
  const none = { userData: '' }
  const ec2 = new Asked(CLOUDS.ec2, none)
  expect(ec2.ask({ path: '/latest/user-data', headers: { 'x-aws-ec2-metadata-token': ec2.token() } }).status).toBe(404)
  expect(new Asked(CLOUDS.openstack, none).ask({ path: '/openstack/latest/user_data' }).status).toBe(404)
  expect(new Asked(CLOUDS.hetzner, none).ask({ path: '/hetzner/v1/userdata' }).status).toBe(204)
})

it('user-data that are no text arrive as they are, or as base64 where the cloud carries text', () => {
  const bytes = Buffer.from([31, 139, 8, 0, 255, 254])
  const binary = { userData: bytes.toString('base64'), userDataBase64: true }
  const ec2 = new Asked(CLOUDS.ec2, binary)
  expect(
    Buffer.from(
      ec2.ask({ path: '/latest/user-data', headers: { 'x-aws-ec2-metadata-token': ec2.token() } }).body ?? '',
    ),
  ).toEqual(bytes)
  expect(new Asked(CLOUDS.hetzner, binary).ask({ path: '/hetzner/v1/userdata' }).text).toBe(binary.userData)
  const gce = new Asked(CLOUDS.gce, binary).ask({
    path: '/computeMetadata/v1/instance/attributes/?recursive=true',
    headers: { 'metadata-flavor': 'Google' },
  })
  expect(JSON.parse(gce.text)).toMatchObject({ 'user-data': binary.userData, 'user-data-encoding': 'base64' })
})

it('user-data that are too large are refused before anything is launched', () => {
  expect(() => newDocument(CLOUDS.ec2, 'x', { userData: 'x'.repeat(16_385) })).toThrow(
    'user-data of 16385 bytes are more than the 16384 that Amazon EC2 takes',
  )
  expect(newDocument(CLOUDS.ec2, 'x', { userData: 'x'.repeat(16_384) }).cloud).toBe('ec2')
})

it('a document keeps its ids for a name, and another name has others', () => {
  for (const cloud of Object.values(CLOUDS)) {
    expect(newDocument(cloud, 'a')).toEqual(newDocument(cloud, 'a'))
    expect(newDocument(cloud, 'a').id).not.toBe(newDocument(cloud, 'b').id)
  }
})

it('a change is checked', () => {
  const service = new ImdsService(CLOUDS.ec2, newDocument(CLOUDS.ec2, 'a'))
  service.change({ hostname: 'other' })
  expect(service.document.hostname).toBe('other')
  expect(() => service.change({ uuid: 'none' })).toThrow(ConfigError)
  expect(service.document.hostname).toBe('other')
})

it('guest attributes and health reports are kept, and nothing without end', () => {
  const gce = new Asked(CLOUDS.gce)
  const headers = { 'metadata-flavor': 'Google' }
  const path = '/computeMetadata/v1/instance/guest-attributes/hostkeys/ssh-rsa'
  gce.ask({ method: 'PUT', path, headers, body: 'AAAA' })
  expect(gce.ask({ path, headers }).text).toBe('AAAA')
  for (let number = 0; number < 500; number++) gce.ask({ method: 'PUT', path: `${path}${number}`, headers, body: 'x' })
  expect(gce.service.kept.size).toBe(200)
  expect(new Asked(CLOUDS.gce, { tags: {} }).ask({ path, headers }).status).toBe(403)
  expect(
    healthReports([
      ['health/1', '<State>NotReady</State><Description>no lease</Description>'],
      ['other', ''],
    ]),
  ).toEqual([{ state: 'NotReady', description: 'no lease' }])
})

it('an unknown cloud is refused with the known ones', () => {
  expect(() => findCloud('aws')).toThrow('there is no cloud "aws"')
  expect(() => findCloud('constructor')).toThrow(ConfigError)
})

it('the size of a crawl spans its requests', () => {
  const exchange = { number: 1, endpoint: 'metadata', method: 'GET', path: '/', userAgent: '', status: 200 } as const
  expect(
    crawlSize([
      { ...exchange, at: 100, bytes: 5, durationMs: 10 },
      { ...exchange, at: 200, bytes: 7, durationMs: 50 },
    ]),
  ).toEqual({ requests: 2, bytes: 12, durationMs: 150 })
  expect(crawlSize([])).toEqual({ requests: 0, bytes: 0, durationMs: 0 })
})

it('strange paths are not found, and nothing inherited is told', () => {
  for (const path of [
    '/latest/meta-data/constructor',
    '/latest/meta-data/__proto__/x',
    '/latest/meta-data/../../etc/passwd',
    '//',
    '/latest//meta-data//nothing',
    '/openstack/latest/constructor',
    '/metadata/v1/toString',
    '/v1/valueOf',
    '/hetzner/v1/metadata/constructor',
  ]) {
    for (const cloud of Object.values(CLOUDS)) {
      const asked = new Asked(cloud)
      const headers = {
        'metadata-flavor': 'Google',
        metadata: 'true',
        authorization: 'Bearer Oracle',
        ...(cloud.name === 'ec2' ? { 'x-aws-ec2-metadata-token': asked.token() } : {}),
      }
      const answer = asked.ask({ path, headers })
      expect([200, 301, 400, 404], `${cloud.name} ${path}`).toContain(answer.status)
      expect(answer.text, `${cloud.name} ${path}`).not.toContain('native code')
      if (/constructor|proto|toString|valueOf|nothing|passwd/.test(path))
        expect(answer.status, `${cloud.name} ${path}`).not.toBe(200)
    }
  }
  expect(KEY).not.toBe('')
})
