import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeHost, runHost } from '../../src/core/subprocess.ts'
import { waitUntil } from '../../src/core/wait-until.ts'
import { unpackedPackage } from '../debian-package.ts'
import { HARNESS, harness, ROOT } from './cli.ts'

/** What an operator reads. Everything below is taken from it. */
const PAGE = readFileSync(join(ROOT, 'docs/run-a-server.md'), 'utf8')

function blockWith(text: string): string {
  const found = [...PAGE.matchAll(/```\w*\n([\s\S]*?)```/g)].map(([, block = '']) => block)
  return found.find((block) => block.includes(text)) ?? expect.fail(`no block of the page has ${text}`)
}

const has = async (program: string) =>
  (await probeHost(['sh', '-c', `command -v ${program}`], { deadlineMs: 10_000 })).exitCode === 0
const withoutSystemd = (await has('systemd-analyze')) ? '' : 'no systemd-analyze: apt-get install systemd'
// Not installed for this test: the service of the package would listen on port 80 of the host.
const NGINX = (await has('nginx')) ? 'nginx' : join((await unpackedPackage('nginx')) ?? '', 'usr/sbin/nginx')
const withoutNginx =
  (await has(`${NGINX} && ${NGINX} -v`)) && (await has('openssl')) ? '' : 'no nginx: apt-get install nginx openssl'
const withoutRsync = (await has('rsync')) ? '' : 'no rsync: apt-get install rsync'

let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'server-e2e-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(withoutSystemd !== '')(`the unit${withoutSystemd && ` (skipped: ${withoutSystemd})`}`, () => {
  test('is one that systemd takes, without a word, and is not exposed', async () => {
    const unit = join(folder, 'harness-results.service')
    writeFileSync(unit, blockWith('[Service]').replaceAll('/opt/harness/harness', HARNESS))
    const verified = await probeHost(['systemd-analyze', 'verify', unit], { deadlineMs: 60_000 })
    expect([verified.exitCode, verified.stdout.trim(), verified.stderr.trim()]).toEqual([0, '', ''])
    const wrong = join(folder, 'wrong.service')
    writeFileSync(wrong, blockWith('[Service]').replace('ProtectHome=yes', 'ProtectHome=perhaps'))
    expect((await probeHost(['systemd-analyze', 'verify', wrong], { deadlineMs: 60_000 })).stderr).toMatch(
      /protect home/,
    )
    const judged = await runHost(['systemd-analyze', 'security', '--offline=true', '--threshold=30', unit], {
      deadlineMs: 60_000,
    })
    expect(judged).toContain('Overall exposure level')
  })

  test('starts what the command line knows', async () => {
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(blockWith('[Service]')) ?? []
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
    const { code, stderr } = await harness(words.slice(1).map((word) => (word === '/srv/results' ? folder : word)))
    // Nothing of it is unknown: it ends because the folder is no archive.
    expect([code, stderr]).toEqual([2, expect.stringContaining(`there is no key at ${folder}`) as string])
  })
})

async function served(archive: string, ...more: string[]) {
  const child = spawn(HARNESS, ['serve', archive, '--listen', '127.0.0.1:0', ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const url = await waitUntil({ what: 'the server', deadlineMs: 60_000 }, async () => {
    const found = /on (http:\S+)/.exec(said)?.[1]
    return found === undefined ? { done: false, saw: said } : { done: true, value: found }
  })
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

describe.skipIf(withoutRsync !== '')(`backup${withoutRsync && ` (skipped: ${withoutRsync})`}`, () => {
  test('by the commands of the page while the server runs, then everything lost, then back', async () => {
    const [archive, backup] = [join(folder, 'results'), join(folder, 'backup')]
    const ok = async (...args: string[]) => {
      const { code, stdout, stderr } = await harness(args, { cwd: folder })
      expect([args.slice(0, 2), code, stderr.includes('harness:') ? stderr : '']).toEqual([args.slice(0, 2), 0, ''])
      return stdout
    }
    /** The block as it stands there, with other places for what it names. */
    const follow = async (text: string) => {
      const block = blockWith(text)
        .replaceAll('/srv/results', archive)
        .replaceAll('/backup', backup)
        .replaceAll(/^harness /gm, `${HARNESS} `)
      return await runHost(['sh', '-euc', block], { deadlineMs: 120_000 })
    }
    const publish = async (name: string, to: string) => {
      writeFileSync(join(folder, `${name}.xml`), `<testsuite><testcase name="${name}"/></testsuite>`)
      const about = ['--cell', 'lab/debian-13/x1/uefi', '--image', 'debian-13', '--digest', `sha256:${'c'.repeat(64)}`]
      await ok('publish', `${name}.xml`, '--format', 'junit', ...about, '--to', to, '--key', 'me.pem')
    }
    await ok('archive', 'init', archive, '--owner', 'me', '--key', 'me.pem')
    mkdirSync(backup)
    let head: unknown
    {
      await using server = await served(archive)
      await publish('first', server.url)
      await publish('second', server.url)
      await follow('archive backup')
      head = await (await fetch(`${server.url}/api/v1/head`)).json()
      // What comes after a backup is lost with the disk, and nothing else is.
      await publish('third', server.url)
    }
    const dumped = await ok('archive', 'dump', archive, '--database', join(backup, 'archive.db'))
    rmSync(archive, { recursive: true })
    mkdirSync(archive)
    expect(await follow('archive rebuild')).toContain('proved 2 submissions')
    expect(await ok('archive', 'dump', archive)).toBe(dumped)
    await using server = await served(archive)
    expect(await (await fetch(`${server.url}/api/v1/head`)).json()).toEqual(head)
    await publish('fourth', server.url)
    expect(await (await fetch(`${server.url}/api/v1/head`)).json()).toMatchObject({ seq: 3 })
    expect(existsSync(join(archive, 'keys/archive.pem'))).toBe(true)
  })
})

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe.skipIf(withoutNginx !== '')(`the proxy${withoutNginx && ` (skipped: ${withoutNginx})`}`, () => {
  test('as the page has it: TLS outside, submissions and pages through it, and nothing that is too large', async () => {
    const [archive, key] = [join(folder, 'proxied'), join(folder, 'proxy.pem')]
    await harness(['archive', 'init', archive, '--owner', 'me', '--key', key])
    const tls = [join(folder, 'results.key'), join(folder, 'results.crt')] as const
    const about = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    await runHost(
      [
        'openssl',
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        tls[0],
        '-out',
        tls[1],
        '-days',
        '2',
        ...about,
      ],
      { deadlineMs: 60_000 },
    )
    const port = await freePort()
    const url = `https://localhost:${port}`
    await using server = await served(archive, '--url', url, '--trusted-proxy', '127.0.0.1')
    const site = blockWith('proxy_pass')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('results.example.org', 'localhost')
      .replace('/etc/ssl/results.key', tls[0])
      .replace('/etc/ssl/results.crt', tls[1])
      .replace('http://127.0.0.1:8080', server.url)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/nginx-${name};`,
    )
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; pid ${folder}/nginx.pid; error_log stderr warn; events {} http { access_log off; ${temporary.join(' ')}\n${site}}\n`,
    )
    const nginx = spawn(NGINX, ['-e', 'stderr', '-c', join(folder, 'nginx.conf')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const ended = new Promise<void>((resolve) => nginx.on('exit', () => resolve()))
    try {
      const curl = async (...args: string[]) =>
        await probeHost(['curl', '-sS', '--cacert', tls[1], '-w', '\n%{http_code}', ...args], { deadlineMs: 60_000 })
      await waitUntil({ what: 'nginx', deadlineMs: 30_000 }, async () => {
        const { stdout, stderr } = await curl(`${url}/ready`)
        return stdout.endsWith('\n200') ? { done: true, value: undefined } : { done: false, saw: stdout + stderr }
      })
      writeFileSync(join(folder, 'proxied.xml'), '<testsuite><testcase name="boots"/></testsuite>')
      const what = ['--cell', 'lab/debian-13/x1/uefi', '--image', 'debian-13', '--digest', `sha256:${'c'.repeat(64)}`]
      const publish = ['publish', join(folder, 'proxied.xml'), '--format', 'junit', ...what, '--to', url, '--key', key]
      const published = await harness(publish, { env: { NODE_EXTRA_CA_CERTS: tls[1] } })
      expect(published).toMatchObject({ code: 0, stderr: '' })
      const page = /^https:.*$/m.exec(published.stdout)?.[0] ?? ''
      expect((await curl('-o', '/dev/null', page)).stdout).toBe('\n200')
      expect((await curl(`${url}/api/v1/openapi.json`)).stdout).toContain(`"url":"${url}"`)
      writeFileSync(join(folder, 'large'), Buffer.alloc(41 * 1024 * 1024))
      const large = await curl(
        '-o',
        '/dev/null',
        '--data-binary',
        `@${join(folder, 'large')}`,
        `${url}/api/v1/submissions`,
      )
      expect(large.stdout).toContain('413')
    } finally {
      nginx.kill('SIGTERM')
      await ended
    }
  })
})
