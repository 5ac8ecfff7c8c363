import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CLOUDS } from '../../../src/imds/clouds.ts'
import { readStock } from '../../../src/imds/stock.ts'
import { Asked } from './ask.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imds-stock-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  return path
}

it('a file changes the document and gives answers, behind the rules of the cloud', async () => {
  const path = await file(
    'stock.yaml',
    'document: { hostname: mine }\nanswers:\n  /latest/meta-data/events/maintenance: none\n  /latest/broken: { status: 500, body: no }\n',
  )
  const asked = new Asked(CLOUDS.ec2, {}, { stock: await readStock(path) })
  const headers = { 'x-aws-ec2-metadata-token': asked.token() }
  expect(asked.ask({ path: '/latest/meta-data/hostname', headers }).text).toBe('mine')
  expect(asked.ask({ path: '/latest/meta-data/events/maintenance', headers }).text).toBe('none')
  expect(asked.ask({ path: '/latest/broken', headers }).status).toBe(500)
  expect(asked.ask({ path: '/latest/meta-data/events/maintenance' }).status).toBe(401)
})

it('a recorded folder is replayed: files, listings it had, listings of its folders, queries', async () => {
  await file('tree/latest/meta-data/instance-id', 'i-recorded')
  await file('tree/latest/meta-data/placement/region', 'mars')
  await file('tree/openstack/index.html', 'latest\n')
  await file('tree/openstack/latest/meta_data.json?x=1', '{"x":1}')
  const stock = await readStock(join(folder, 'tree'))
  const asked = new Asked(CLOUDS.openstack, {}, { stock })
  expect(asked.ask({ path: '/latest/meta-data/instance-id' }).text).toBe('i-recorded')
  expect(asked.ask({ path: '/latest/meta-data/' }).text).toBe('instance-id\nplacement/')
  expect(asked.ask({ path: '/openstack' }).text).toBe('latest\n')
  expect(asked.ask({ path: '/openstack/latest/meta_data.json?x=1' }).text).toBe('{"x":1}')
  // What was not recorded is answered as usual.
  expect(asked.ask({ path: '/openstack/latest/user_data' }).status).toBe(200)
  const ec2 = new Asked(CLOUDS.ec2, {}, { stock })
  expect(ec2.ask({ path: '/latest/meta-data/instance-id' }).status).toBe(401)
})

it.each([
  ['a: 1\n', 'Unrecognized key'],
  ['answers: { x: y }\n', 'answers'],
  ['answers: [\n', 'cannot be read'],
])('refuses %j with the name of the file', async (text, message) => {
  const path = await file('bad.yaml', text)
  await expect(readStock(path)).rejects.toThrow(message)
  await expect(readStock(path)).rejects.toThrow('bad.yaml')
})

it('what is not there is said so', async () => {
  await expect(readStock(join(folder, 'nothing'))).rejects.toThrow('there is no')
  await mkdir(join(folder, 'empty'))
  await expect(readStock(join(folder, 'empty'))).rejects.toThrow('holds no files')
})
