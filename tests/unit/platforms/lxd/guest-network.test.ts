import { expect, test } from 'vitest'
import { CLOUDS } from '../../../../src/imds/clouds.ts'
import { LxdClient } from '../../../../src/platforms/lxd/client.ts'
import { makeGuestNetwork } from '../../../../src/platforms/lxd/cloud/guest-network.ts'
import { removeRulesOf } from '../../../../src/platforms/lxd/network-rules.ts'
import { answer, fakeDaemon } from './fake-daemon.ts'

async function made(cloud: keyof typeof CLOUDS, identity: Parameters<typeof makeGuestNetwork>[1]['identity'] = {}) {
  const posted: Record<string, { name: string; config: Record<string, string>; egress?: unknown[] }> = {}
  const keep =
    (path: string): Parameters<typeof fakeDaemon>[0][string] =>
    (request, response, body) => {
      posted[path] = JSON.parse(body.toString()) as (typeof posted)[string]
      answer(null)(request, response, body)
    }
  await using daemon = await fakeDaemon({
    'GET /1.0/networks': answer([]),
    'POST /1.0/networks': keep('network'),
    'POST /1.0/network-acls': keep('rules'),
  })
  const client = new LxdClient({ kind: 'unix', socketPath: daemon.socketPath })
  const tags = { 'user.harness.run': 'run-1' }
  const network = await makeGuestNetwork(client, { instance: 'guest', index: 0, cloud: CLOUDS[cloud], identity, tags })
  client.close()
  return { network, rules: posted['rules'], config: posted['network']?.config }
}

test('a network has the rules that keep its guest from real metadata services, and both carry our marks', async () => {
  const { network, rules, config } = await made('ec2')
  const { nic } = network
  expect(config).toMatchObject({ 'security.acls': network.name, 'security.acls.default.egress.action': 'allow' })
  expect(config).not.toHaveProperty('raw.dnsmasq')
  expect(rules?.egress).toContainEqual({ action: 'reject', state: 'enabled', destination: '169.254.0.0/16' })
  expect(rules?.config).toMatchObject({ 'user.harness.run': 'run-1', 'user.harness.instance': 'guest' })
  expect(network.name).toMatch(/^hi[0-9a-f]{10}$/)
  expect(nic.ipv4.address).toBe(nic.ipv4.gateway?.replace(/\.1$/, '.10'))
  expect(nic.ipv6).toBe(undefined)
})

test('Azure sends the options by which a guest knows its primary card', async () => {
  const { config, network } = await made('azure')
  expect(config?.['raw.dnsmasq']).toContain('dhcp-option-force=245,a8:3f:81:10')
  expect(config?.['raw.dnsmasq']).toContain(`168.63.129.16/32,${network.nic.ipv4.gateway}`)
})

test('the same instance gets the same cards, with the addresses that were asked for', async () => {
  const wish = { secondaryAddresses: 2, ipv6: true }
  const { network } = await made('openstack', wish)
  expect(network.nic).toEqual((await made('openstack', wish)).network.nic)
  expect(network.nic.ipv4.secondary).toHaveLength(2)
  expect(network.nic.ipv6?.addresses[0]).toMatch(/^fd42:[0-9a-f:]+::10$/)
})

test('rules of other instances stay', async () => {
  await using daemon = await fakeDaemon({
    'GET /1.0/network-acls': answer([
      { name: 'mine', config: { 'user.harness.instance': 'guest' } },
      { name: 'theirs', config: { 'user.harness.instance': 'other' } },
      { name: 'somebody', config: {} },
    ]),
    'DELETE /1.0/network-acls/mine': answer(null),
  })
  const client = new LxdClient({ kind: 'unix', socketPath: daemon.socketPath })
  await removeRulesOf(client, 'guest')
  expect(daemon.seen.filter((line) => line.startsWith('DELETE'))).toEqual(['DELETE /1.0/network-acls/mine'])
  client.close()
})
