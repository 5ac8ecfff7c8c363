import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { waitUntil } from '../../../../src/core/wait-until.ts'
import { startAzure } from '../../../../src/simulate/azure/simulator.ts'
import { MemoryBackend } from '../../../../src/simulate/memory/memory-backend.ts'
import type { Simulator } from '../../../../src/simulate/simulator.ts'

vi.setConfig({ testTimeout: 60_000 })

/**
 * Which statuses and members Microsoft's published examples have: github.com/Azure/azure-rest-api-specs, specification/compute/
 * resource-manager/Microsoft.Compute, Compute/stable/2025-04-01/examples and GalleryRP/stable/2019-12-01/examples. Members are paths.
 */
const GROUP = '/subscriptions/00000000-1111-4222-8333-444444444444/resourceGroups/rg'
const COMPUTE = `${GROUP}/providers/Microsoft.Compute`
const NETWORK = `${GROUP}/providers/Microsoft.Network`

let simulator: Simulator
let ca = ''
const backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
beforeAll(async () => {
  simulator = await startAzure({ backend, images: {}, pendingMs: 100, delayMs: 0 })
  ca = await readFile(String(simulator.options['ca']), 'utf8')
  await ask('PUT', GROUP, { location: 'westeurope' })
  const subnets = [{ name: 'default', properties: { addressPrefix: '10.9.0.0/24' } }]
  await ask('PUT', `${NETWORK}/virtualNetworks/net`, { location: 'westeurope', properties: { subnets } })
  const subnet = { id: `${NETWORK}/virtualNetworks/net/subnets/default` }
  const ipConfigurations = [{ name: 'one', properties: { subnet } }]
  for (const name of ['card-1', 'card-2'])
    await ask('PUT', `${NETWORK}/networkInterfaces/${name}`, {
      location: 'westeurope',
      properties: { ipConfigurations },
    })
})
afterAll(async () => {
  await simulator[Symbol.asyncDispose]()
})

interface Answer {
  status: number
  headers: Record<string, unknown>
  body: unknown
}

function ask(method: string, path: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer any', 'content-type': 'application/json' }
    const call = request(`${simulator.endpoint}${path}?api-version=2025-04-01`, { method, headers, ca }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text === '' ? undefined : JSON.parse(text),
        }),
      )
    })
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function settled(path: string): Promise<Answer> {
  return await waitUntil({ what: `${path} to be there`, deadlineMs: 20_000 }, async () => {
    const answer = await ask('GET', path)
    const state = (answer.body as { properties?: { provisioningState?: string } }).properties?.provisioningState
    return state === 'Succeeded' ? { done: true, value: answer } : { done: false, saw: String(state) }
  })
}

/** What every published create example of a Linux machine says. */
function machine(card: string, more: object = {}): object {
  const publicKeys = [{ path: '/home/someone/.ssh/authorized_keys', keyData: `ssh-ed25519 ${'A'.repeat(68)} someone` }]
  const imageReference = { publisher: 'Debian', offer: 'debian-13', sku: '13-gen2', version: 'latest' }
  const osDisk = {
    caching: 'ReadWrite',
    managedDisk: { storageAccountType: 'Standard_LRS' },
    name: `${card}-disk`,
    createOption: 'FromImage',
  }
  return {
    location: 'westeurope',
    properties: {
      hardwareProfile: { vmSize: 'Standard_B2s' },
      storageProfile: { imageReference, osDisk },
      osProfile: {
        adminUsername: 'someone',
        computerName: 'machine',
        linuxConfiguration: { ssh: { publicKeys }, disablePasswordAuthentication: true },
      },
      networkProfile: {
        networkInterfaces: [{ id: `${NETWORK}/networkInterfaces/${card}`, properties: { primary: true } }],
      },
      ...more,
    },
  }
}

const CREATED = {
  type: 'Microsoft.Compute/virtualMachines',
  location: 'westeurope',
  properties: {
    provisioningState: 'Creating',
    vmId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    hardwareProfile: { vmSize: 'Standard_B2s' },
    storageProfile: { osDisk: { osType: 'Linux', createOption: 'FromImage', caching: 'ReadWrite' }, dataDisks: [] },
    osProfile: { adminUsername: 'someone', linuxConfiguration: { disablePasswordAuthentication: true } },
    networkProfile: { networkInterfaces: [{ properties: { primary: true } }] },
  },
}

describe('as in the published example', () => {
  test('VirtualMachine_Create_WithSshAuthentication, _Get_InstanceView, _RetrieveBootDiagnosticsData', async () => {
    const id = `${COMPUTE}/virtualMachines/one`
    const diagnostics = { diagnosticsProfile: { bootDiagnostics: { enabled: true } } }
    const made = await ask('PUT', id, machine('card-1', diagnostics))
    expect(made).toMatchObject({ status: 201, body: { id, name: 'one', ...CREATED } })
    expect(made.headers).toHaveProperty('azure-asyncoperation')
    await settled(id)
    expect(await ask('GET', `${id}/instanceView`)).toMatchObject({
      status: 200,
      body: {
        computerName: 'machine',
        hyperVGeneration: expect.stringMatching(/^V[12]$/) as string,
        statuses: [
          {
            code: 'ProvisioningState/succeeded',
            level: 'Info',
            displayStatus: 'Provisioning succeeded',
            time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
          },
          { code: 'PowerState/running', level: 'Info', displayStatus: 'VM running' },
        ],
      },
    })
    expect(await ask('POST', `${id}/retrieveBootDiagnosticsData`)).toMatchObject({
      status: 200,
      body: {
        consoleScreenshotBlobUri: expect.stringMatching(/^https:/) as string,
        serialConsoleLogBlobUri: expect.stringMatching(/^https:/) as string,
      },
    })
  })

  test('VirtualMachine_Create_WithUserData, _Restart, _Start, _Deallocate, _Delete', async () => {
    const id = `${COMPUTE}/virtualMachines/two`
    const userData = Buffer.from('Example UserData').toString('base64')
    expect(await ask('PUT', id, machine('card-2', { userData }))).toMatchObject({ status: 201, body: CREATED })
    const { body } = await settled(id)
    // User-data are never told again: only with $expand=userData.
    expect((body as { properties: object }).properties).not.toHaveProperty('userData')
    for (const action of ['restart', 'deallocate', 'start'])
      expect((await ask('POST', `${id}/${action}`)).status, action).toBe(202)
    expect((await ask('DELETE', id)).status).toBe(202)
    await waitUntil({ what: 'the machine to go', deadlineMs: 20_000 }, async () => {
      const { status } = await ask('GET', id)
      return status === 404 ? { done: true, value: undefined } : { done: false, saw: String(status) }
    })
    expect((await ask('DELETE', id)).status).toBe(204)
  })

  test('CreateOrUpdateASimpleGallery, ...GalleryImage, ...GalleryImageVersion', async () => {
    const gallery = `${COMPUTE}/galleries/gallery`
    const location = 'westeurope'
    expect((await ask('PUT', gallery, { location, properties: {} })).status).toBe(201)
    const identifier = { publisher: 'someone', offer: 'images', sku: 'one' }
    const kind = { osType: 'Linux', osState: 'Generalized', hyperVGeneration: 'V2', architecture: 'x64' }
    const image = await ask('PUT', `${gallery}/images/one`, { location, properties: { ...kind, identifier } })
    expect(image).toMatchObject({
      status: 201,
      body: { name: 'one', location, properties: { ...kind, identifier, provisioningState: 'Creating' } },
    })
    const disk = { id: `${COMPUTE}/disks/card-1-disk` }
    const targetRegions = [{ name: location, regionalReplicaCount: 1 }]
    const properties = { publishingProfile: { targetRegions }, storageProfile: { osDiskImage: { source: disk } } }
    const version = await ask('PUT', `${gallery}/images/one/versions/1.0.0`, { location, properties })
    expect(version).toMatchObject({
      status: 201,
      body: { name: '1.0.0', location, properties: { ...properties, provisioningState: 'Creating' } },
    })
  })
})
