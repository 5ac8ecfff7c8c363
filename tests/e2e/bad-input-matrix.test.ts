import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { harness } from './cli.ts'

let folder: string

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'harness-e2e-')))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const AXES = 'axes: { platform: [fake], image: [debian-13] }\n'

/** Calls the harness in the folder of the test, with a matrix beside or below it. */
async function call(matrix: string, args: readonly string[], file = 'matrix.yaml') {
  writeFileSync(join(folder, file), matrix)
  const env = { HARNESS_STATE_DIR: join(folder, 'state') }
  return await harness([...args, '--matrix', file], { cwd: folder, env })
}

describe('a package or key that is not there is refused before anything is launched', () => {
  it.each([[['plan']], [['run', '--dry-run']], [['run']]])('%j, given on the command line', async (args) => {
    mkdirSync(join(folder, 'below'))
    writeFileSync(join(folder, 'below/agent.deb'), '')
    const source = ['--agent-source', 'package:./agent.deb']
    expect(await call(AXES, [...args, ...source], 'below/matrix.yaml')).toEqual({
      code: 2,
      stdout: '',
      stderr: `harness: there is no package ${folder}/agent.deb\n  correct --agent-source; its path counts from the working directory\n`,
    })
  })

  it('and looked for where the command was started', async () => {
    mkdirSync(join(folder, 'below'))
    for (const name of ['agent.deb', 'a.asc']) writeFileSync(join(folder, name), '')
    for (const source of ['package:./agent.deb', 'repository:deb http://host.example/ sid main [key=a.asc]']) {
      const { code, stdout } = await call(AXES, ['plan', '--agent-source', source], 'below/matrix.yaml')
      expect(code, source).toBe(0)
      expect(stdout).toContain('fake/debian-13')
    }
  })

  it.each([
    ['agent: { source: "package:a.deb" }\n', '2:18', 'package /a.deb'],
    ['images: { debian-13: { agent: { source: "package:state" } } }\n', '2:41', 'package /state'],
    ['agent: { source: "repository:deb http://host.example/ sid main [key=a.asc]" }\n', '2:18', 'key /a.asc'],
  ])('%j of a matrix', async (settings, at, what) => {
    const missing = `matrix.yaml:${at}: there is no ${what.replace('/', `${folder}/`)}\n`
    for (const args of [['run', '--dry-run'], ['run']]) {
      const { code, stderr } = await call(AXES + settings, args)
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: `harness: ${missing}  correct the path; it counts from the folder of the matrix\n`,
      })
    }
    const { code, stderr } = await call(AXES + settings, ['plan'])
    expect({ code, stderr }, 'somebody may bring it before the run').toEqual({ code: 0, stderr: missing })
  })
})

it.each([[['plan']], [['run', '--dry-run']], [['run']]])(
  '%j refuses to select a check that does not exist',
  async (args) => {
    const { code, stderr } = await call(`${AXES}only-checks: [acct-*, reg-boot-sssh]\n`, args)
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^harness: matrix\.yaml:2:23: there is no check "reg-boot-sssh"\n {2}did you mean "reg-boot-/,
    )
  },
)

describe('a platform that does not exist is named with line, column and a way out', () => {
  it.each([
    ['an axis', 'axes: { platform: [fake, lxdd], image: [debian-13] }\n', '1:26', 'lxd'],
    ['an included cell', `${AXES}include:\n  - { platform: fak, image: debian-12 }\n`, '3:17', 'fake'],
  ])('in %s', async (_, matrix, at, near) => {
    const { code, stderr } = await call(matrix, ['plan'])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      new RegExp(`matrix.yaml:${at}: there is no platform "\\w+"\\n  did you mean "${near}"\\?\\n$`),
    )
  })
})

describe('options of a platform are judged before anything starts, with line, column and a way out', () => {
  it.each([
    ['lxd: { options: { pol: x } }', '2:32', '"pol" is not known in platforms.lxd.options', 'did you mean "pool"?'],
    [
      'ec2: { options: { market: spott } }',
      '2:40',
      'platforms.ec2.options.market: "spott" is none of',
      'did you mean "spot"?',
    ],
    ['qemu: { options: { accelerator: 7 } }', '2:46', 'platforms.qemu.options.accelerator: "7" is none of', ''],
    [
      'ec2: { options: { access-key-id: a } }',
      '2:30',
      'platforms.ec2.options: access-key-id and secret-access-key belong',
      '',
    ],
    ['ssh: { options: { hsot: a } }', '2:32', '"hsot" is not known in platforms.ssh.options', 'did you mean "host"?'],
    ['fake: { options: { bootMs: -1 } }', '2:41', 'platforms.fake.options.bootMs: ', ''],
    ['gce: { options: { zones: 7 } }', '2:39', 'platforms.gce.options.zones: ', ''],
    [
      'ec2: { options: { access-key-id: a, secret-acces-key: b } }',
      '2:50',
      '"secret-acces-key" is not known',
      'did you mean "secret-access-key"?',
    ],
    [
      'fake: { options: { faults: [{ at: boot, how: panik }] } }',
      '2:59',
      'platforms.fake.options.faults.0.how: "panik" is none of',
      'did you mean "panic"?',
    ],
    [
      'fake: { options: { faults: [{ at: bot, how: panic }] } }',
      '2:48',
      'platforms.fake.options.faults.0.at: ',
      'boot',
    ],
    [
      'gce: { options: { access-token: 1234567 } }',
      '2:46',
      'platforms.gce.options.access-token: is a number',
      'in quotes\n',
    ],
    ['azure: { options: { regoin: eastus } }', '2:34', '"regoin" is not known', 'did you mean "region"?'],
  ])('%s', async (platform, at, message, hint) => {
    const text = `axes: { platform: [${platform.split(':')[0]}], image: [debian-13] }\nplatforms: { ${platform} }\n`
    for (const args of [['plan'], ['run'], ['sweep', '--dry-run', '--matrix', 'matrix.yaml']]) {
      const { code, stderr } = await call(text, args)
      expect(code).toBe(2)
      expect(stderr).toContain(`harness: matrix.yaml:${at}: ${message}`)
      expect(stderr).toContain(hint)
      expect(stderr).not.toContain('    at ')
      expect(stderr).not.toContain('1234567')
    }
  })

  it('also where they are written through an alias', async () => {
    const shared = 'platforms:\n  ec2: &cloud { options: { address: ipv6 } }\n  azure: *cloud\n'
    const { code, stderr } = await call(`axes: { platform: [ec2, azure], image: [debian-13] }\n${shared}`, ['plan'])
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('matrix.yaml:4:10: platforms.azure.options.address: "ipv6" is none of public, private'),
    ])
  })

  it('and so are settings of a platform that does not exist, for a sweep too', async () => {
    for (const args of [['plan'], ['sweep', '--dry-run', '--matrix', 'matrix.yaml', '--platform', 'lxd']]) {
      const { code, stderr } = await call(`${AXES}platforms: { ec22: { options: { region: x } } }\n`, args)
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/matrix\.yaml:2:\d+: there is no platform "ec22"\n {2}did you mean "ec2"/),
      ])
    }
  })
})
