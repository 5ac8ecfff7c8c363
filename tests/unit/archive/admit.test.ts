import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seal } from '../../../src/publish/envelope.ts'
import { payloadOf } from '../../../src/publish/statements-of-run.ts'
import { PREDICATES, subjectsOf } from '../../../src/publish/statement.ts'
import { findRun, listWaivers, readLog } from '../../../src/archive/index.ts'
import { parseSubmitter } from '../../../src/archive/submitters.ts'
import { IMAGE, NOW, registration, results, signed, submission, testArchive } from './test-archive.ts'

const DAY = 86_400_000

const statement = (predicateType: string, predicate: object, subject: object[] = []) => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject,
  predicateType,
  predicate,
})

test('a payload that was changed after it was signed is refused', async () => {
  await using t = await testArchive()
  const envelope = JSON.parse(submission(t.keys.alice)) as { payload: string; payloadType: string }
  const other = payloadOf(results({ cell: { status: 'fail' } })).toString('base64')
  for (const [change, status] of [
    [{ payload: other }, 401],
    [{ payloadType: 'application/json' }, 400],
    [{ payload: `${envelope.payload}\n` }, 400],
  ] as const)
    await expect(t.archive.accept(JSON.stringify({ ...envelope, ...change }))).rejects.toMatchObject({ status })
})

test('the algorithm follows from the key that is registered, whatever was signed with', async () => {
  await using t = await testArchive()
  const payload = payloadOf(results())
  const pae = Buffer.concat([Buffer.from(`DSSEv1 28 application/vnd.in-toto+json ${payload.length} `), payload])
  const publicKey = Buffer.from(t.keys.alice.publicKey, 'base64')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const made = {
    'the public key as a shared secret': createHmac('sha256', publicKey).update(pae).digest(),
    RSA: sign('sha256', pae, rsa),
    nothing: Buffer.alloc(0),
    zeros: Buffer.alloc(64),
  }
  for (const [how, sig] of Object.entries(made)) {
    const envelope = { ...seal(payload, []), signatures: [{ keyid: t.keys.alice.id, sig: sig.toString('base64') }] }
    const text = JSON.stringify(envelope)
    // RSA signatures are longer than an envelope may have.
    await expect(t.archive.accept(text), how).rejects.toMatchObject({ status: how === 'RSA' ? 400 : 401 })
  }
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' })
  expect(() =>
    parseSubmitter(registration('eve', { ...t.keys.alice, publicKey: pem.toString('base64') }), 'eve.yaml', NOW),
  ).toThrow(/only Ed25519/)
})

test('one good signature does not help beside a bad one of a known key', async () => {
  await using t = await testArchive()
  const payload = payloadOf(results())
  const [good] = seal(payload, [t.keys.alice]).signatures
  const [bad] = seal(Buffer.from('other'), [t.keys.bob]).signatures
  const text = JSON.stringify({ ...seal(payload, []), signatures: [good, bad] })
  await expect(t.archive.accept(text)).rejects.toMatchObject({ status: 401 })
})

test.each([
  ['expired', 'until: 2027-06-30', 'until: 2026-11-19', 'the key expired on 2026-11-19'],
  ['revoked', 'until: 2027-06-30', 'until: 2027-06-30, revoked: 2026-11-20', 'the key was revoked on 2026-11-20'],
  [
    'in wrong hands',
    'until: 2027-06-30',
    'until: 2027-06-30, compromised: 2026-11-01',
    'the key is not trusted since 2026-11-01',
  ],
])('a key that is %s is refused', async (_, before, after, message) => {
  await using t = await testArchive()
  const text = registration('alice', t.keys.alice).replace(before, after)
  writeFileSync(join(t.folder, 'submitters/alice.yaml'), text)
  await t.archive.loadSubmitters()
  await expect(t.archive.accept(submission(t.keys.alice))).rejects.toMatchObject({ status: 401, message })
})

test('what a key in wrong hands had signed is no longer trusted, and stays to be seen', async () => {
  await using t = await testArchive()
  const { entry } = await t.archive.accept(submission(t.keys.alice))
  const text = registration('alice', t.keys.alice).replace(
    'until: 2027-06-30',
    'until: 2027-06-30, compromised: 2026-11-20',
  )
  writeFileSync(join(t.folder, 'submitters/alice.yaml'), text)
  await t.archive.loadSubmitters()
  expect((await findRun(t.archive, entry.id))?.run.state).toBe('distrusted')
})

test('a suspended submitter submits nothing, and a registration that is wrong changes nothing', async () => {
  await using t = await testArchive()
  const path = join(t.folder, 'submitters/alice.yaml')
  writeFileSync(path, 'id: [')
  await expect(t.archive.loadSubmitters()).rejects.toThrow(/alice\.yaml/)
  await t.archive.accept(submission(t.keys.alice))
  writeFileSync(path, `${registration('alice', t.keys.alice)}state: suspended\n`)
  await t.archive.loadSubmitters()
  await expect(t.archive.accept(submission(t.keys.alice, { run: { id: 'next' } }))).rejects.toMatchObject({
    status: 403,
  })
})

test('every object is checked against the scope, and what is outside is named', async () => {
  await using t = await testArchive()
  const inside = results()
  const second = { ...(inside.cells[0] ?? expect.fail()), id: 'azure/debian-13/b1/uefi', platform: 'azure' }
  const both = { ...inside, cells: [...inside.cells, second] }
  await expect(t.archive.accept(signed(payloadOf(both), t.keys.alice))).rejects.toMatchObject({
    status: 403,
    message: 'alice may not submit about cell azure/debian-13/b1/uefi with image debian-13',
  })
  const other = results({ cell: { image: 'ubuntu-24.04' } })
  await expect(t.archive.accept(signed(payloadOf(other), t.keys.alice))).rejects.toMatchObject({ status: 403 })
  expect((await readLog(t.archive)).items).toEqual([])
})

test('a waiver stays within the scope, the role and 90 days', async () => {
  await using t = await testArchive()
  const waiver = (change: object = {}) => ({
    id: 'known-1',
    images: ['debian-13'],
    cells: ['lxd/*'],
    checks: ['ssh-*'],
    reason: 'being fixed',
    tracker: 'https://bugs.example.org/1',
    from: new Date(NOW).toISOString(),
    until: new Date(NOW + 30 * DAY).toISOString(),
    ...change,
  })
  const send = (key: typeof t.keys.alice, change: object = {}) =>
    t.archive.accept(signed(statement(PREDICATES.waiver, waiver(change)), key))
  await expect(send(t.keys.bob)).rejects.toMatchObject({ status: 403, message: 'bob may not submit waivers' })
  await expect(send(t.keys.alice, { cells: ['*'] })).rejects.toMatchObject({ status: 403 })
  await expect(send(t.keys.alice, { cells: ['l*'] })).rejects.toMatchObject({ status: 403 })
  await expect(send(t.keys.alice, { until: new Date(NOW + 200 * DAY).toISOString() })).rejects.toMatchObject({
    status: 422,
  })
  await expect(send(t.keys.alice, { tracker: 'javascript:alert(1)' })).rejects.toMatchObject({ status: 422 })
  await send(t.keys.alice)
  expect((await listWaivers(t.archive)).items).toMatchObject([{ id: 'known-1', cells: ['lxd/*'], state: 'accepted' }])
})

test('only who submitted something, or an operator, takes it back', async () => {
  await using t = await testArchive()
  const { entry } = await t.archive.accept(submission(t.keys.alice))
  const retraction = statement(PREDICATES.retraction, {
    submission: entry.id,
    reason: 'wrong image',
    at: '2026-11-20T12:00:00Z',
  })
  await expect(t.archive.accept(signed(retraction, t.keys.bob))).rejects.toMatchObject({ status: 403 })
  await t.archive.accept(signed(retraction, t.keys.alice))
  expect((await findRun(t.archive, entry.id))?.run.state).toBe('retracted')
})

test('an approval is about an image that has results', async () => {
  await using t = await testArchive()
  const decision = `sha256:${'d'.repeat(64)}`
  const approval = (image: string) =>
    signed(
      statement(
        PREDICATES.approval,
        { decision, verdict: 'go', image, approver: 'Alice', at: '2026-11-20T12:00:00Z' },
        subjectsOf([{ name: 'debian-13', digest: image }]),
      ),
      t.keys.alice,
    )
  await expect(t.archive.accept(approval(IMAGE))).rejects.toMatchObject({ status: 409 })
})

test.each([
  ['a subject that is none of its images', (made: ReturnType<typeof results>) => ({ ...made, images: [] })],
  ['the same cell twice', (made: ReturnType<typeof results>) => ({ ...made, cells: [...made.cells, ...made.cells] })],
  [
    'a result of tomorrow',
    (made: ReturnType<typeof results>) => ({ ...made, run: { ...made.run, startedAt: '2026-11-21T12:00:00Z' } }),
  ],
  [
    'a name with a way out of a folder',
    (made: ReturnType<typeof results>) => ({
      ...made,
      cells: made.cells.map((cell) => ({ ...cell, files: [file('../../etc/cron.d/x')] })),
    }),
  ],
  [
    'an absolute name',
    (made: ReturnType<typeof results>) => ({
      ...made,
      cells: made.cells.map((cell) => ({ ...cell, files: [file('/etc/passwd')] })),
    }),
  ],
  [
    'a name with a NUL',
    (made: ReturnType<typeof results>) => ({
      ...made,
      cells: made.cells.map((cell) => ({ ...cell, files: [file('a\0b')] })),
    }),
  ],
  [
    'a digest that is a path',
    (made: ReturnType<typeof results>) => ({
      ...made,
      cells: made.cells.map((cell) => ({ ...cell, files: [{ ...file('a'), digest: 'sha256:../../x' }] })),
    }),
  ],
  [
    'a cell id with a way out of a folder',
    (made: ReturnType<typeof results>) => ({ ...made, cells: made.cells.map((cell) => ({ ...cell, id: 'lxd/../x' })) }),
  ],
  [
    'a duration below zero',
    (made: ReturnType<typeof results>) => ({
      ...made,
      cells: made.cells.map((cell) => ({ ...cell, durationMs: -1 })),
    }),
  ],
  ['a newer major version', (made: ReturnType<typeof results>) => ({ ...made, version: '2.0' })],
  [
    'an excerpt that is too long',
    (made: ReturnType<typeof results>) => ({
      ...made,
      cells: made.cells.map((cell) => ({ ...cell, reason: 'x'.repeat(3_000) })),
    }),
  ],
])('%s is refused, and nothing is kept', async (_, change) => {
  await using t = await testArchive()
  const made = statement(PREDICATES.results, change(results()), subjectsOf([{ name: 'debian-13', digest: IMAGE }]))
  await expect(t.archive.accept(signed(made, t.keys.alice))).rejects.toMatchObject({ status: 422 })
  expect((await readLog(t.archive)).items).toEqual([])
})

test('a newer minor version is read, and what it adds stays in the payload', async () => {
  await using t = await testArchive()
  const made = { ...results(), version: '1.9', weather: 'rain' }
  const text = signed(
    statement(PREDICATES.results, made, subjectsOf([{ name: 'debian-13', digest: IMAGE }])),
    t.keys.alice,
  )
  const { entry } = await t.archive.accept(text)
  const archived = await t.archive.logFiles.read(entry.seq)
  expect(Buffer.from(archived?.envelope?.payload ?? '', 'base64').toString()).toContain('"weather":"rain"')
})

test('what looks like SQL is a name that is not found, or text', async () => {
  await using t = await testArchive()
  const evil = `'); DROP TABLE submission; --`
  const checks = [
    {
      ...(results().cells[0]?.checks[0] ?? expect.fail()),
      title: evil,
      status: 'fail' as const,
      errors: [{ message: evil }],
    },
  ]
  const { entry } = await t.archive.accept(submission(t.keys.alice, { cell: { checks, status: 'fail', reason: evil } }))
  expect(await findRun(t.archive, evil)).toBeUndefined()
  expect((await findRun(t.archive, entry.id))?.cells[0]?.reason).toBe(evil)
  await expect(
    readLog(t.archive, { cursor: Buffer.from(JSON.stringify([{ a: 1 }])).toString('base64url') }),
  ).rejects.toThrow(/cursor/)
})

function file(name: string) {
  return { name, title: 'x', kind: 'log' as const, digest: `sha256:${'0'.repeat(64)}`, bytes: 1 }
}
