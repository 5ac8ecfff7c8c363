import { expect, test } from 'vitest'
import { ConfigError } from '../../../src/core/errors.ts'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { parseWaivers } from '../../../src/matrix/waivers.ts'

const AXES = 'axes:\n  platform: [lxd]\n  image: [debian-12]\n'

function fifty(letter: string): string {
  return `[${Array.from({ length: 50 }, (_, index) => `${letter}${index}`).join()}]`
}

const broken: Record<string, string> = {
  'unknown key': `${AXES}concurency: 4\n`,
  'unknown key far from any': `${AXES}zzzzzzzzz: 4\n`,
  'unknown nested key': `${AXES}timeouts:\n  bootx: 5 minutes\n`,
  'unknown key of an image': `${AXES}images:\n  debian-12:\n    agnet: {}\n`,
  'missing axis': 'axes:\n  platform: [lxd]\n',
  'unknown suite': `${AXES}suites: [policy, regresion]\n`,
  'bad duration': `${AXES}timeouts:\n  boot: 5m\n`,
  'bad source': `${AXES}agent:\n  source: sid\n`,
  'empty package': `${AXES}agent:\n  source: "package:"\n`,
  'not a number': `${AXES}concurrency: many\n`,
  'exclusion without reason': `${AXES}exclude:\n  - image: debian-12\n`,
  'exclusion of nothing': `${AXES}exclude:\n  - image: debian-99\n    reason: no\n`,
  'settings of an unknown image': `${AXES}images:\n  debian-21:\n    attempts: 1\n`,
  'cell twice': `${AXES}include:\n  - platform: lxd\n    image: debian-12\n`,
  'number for a name': `axes:\n  platform: [lxd]\n  distribution: [ubuntu]\n  release: [24.10]\n`,
  'image and distribution': `${AXES}  distribution: [debian]\n  release: [sid]\n`,
  'release of nothing': 'axes:\n  platform: [lxd]\n  distribution: [debian]\n',
  'axis nobody understands': `${AXES}  identitty: [ec2]\n`,
  'axis of a platform nobody understands': `${AXES}platforms:\n  lxd:\n    axes:\n      gpu: [none]\n`,
  'list with and without signs': `${AXES}images:\n  debian-12:\n    suites: [+logs, policy]\n`,
  'constraint on no axis': `${AXES}constraints:\n  - when: { imge: debian-12 }\n    never: { boot: default }\n    reason: no\n`,
  'constraint that never matches': `${AXES}constraints:\n  - when: { image: [debian-12, debain-13] }\n    never: { boot: default }\n    reason: no\n`,
  'constraint of two kinds': `${AXES}constraints:\n  - { when: { image: debian-12 }, never: { boot: x }, only: { boot: y }, reason: no }\n`,
  'too many combinations': `axes: { platform: [lxd], image: ${fifty('i')}, instance-type: ${fifty('t')}, boot: ${fifty('b')} }\n`,
  'unknown variant': `${AXES}  variant: [prxy]\nvariants:\n  proxy: {}\n`,
  'unknown suite on the axis': `${AXES}  suite: [policy+log]\n`,
  'group of no axis': `${AXES}coverage:\n  strength: pairwise\n  groups: [{ axes: [platform, bot], strength: 3 }]\n`,
  'pin of no value': `${AXES}coverage:\n  strength: 1\n  pin: [{ image: debian-13 }]\n`,
  'pin that cannot be': `${AXES}coverage:\n  strength: 1\n  pin: [{ image: debian-12 }]\nexclude: [{ image: debian-12, reason: old }]\n`,
  'variable that is not allowed': `${AXES}from-environment: [BUILD_ID]\nuser-data: |\n  #!/bin/sh\n  echo $\${kept} \${BUILD_D}\n`,
  'variable nobody set': `${AXES}from-environment: [UNSET]\nagent: { source: "package:\${UNSET}" }\n`,
  'variable without a name': `${AXES}user-data: "\${1%%x}"\n`,
  'include with a slip': `${AXES}include:\n  - platform: lxd\n    image: debian-12\n    atempts: 3\n`,
  'not YAML': 'axes:\n  platform: [lxd\n',
  'key twice': `${AXES}axes: {}\n`,
  'two problems': `${AXES}attempts: 9\nconcurency: 4\n`,
  'not a mapping': '- lxd\n',
  'slip in the first key': 'axs:\n  platform: [lxd]\n  image: [debian-12]\n',
  'slip in an axis that must be there': 'axes:\n  image: [debian-12]\n  platfrom: [lxd]\n',
  'slip in a key of an entry': `${AXES}exclude:\n  - image: debian-12\n    reasn: old\n`,
  empty: '',
  'only a comment': '# later\n',
  'alias of nothing': 'axes:\n  platform: [lxd]\n  image: *images\n',
}

test('each mistake in a matrix is named with line, column and a way out', () => {
  const said = Object.entries(broken).map(
    ([title, text]) => `${title}\n  ${messageOf(() => expandMatrix(parseMatrix(text, 'matrix.yaml')))}`,
  )
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "unknown key
      matrix.yaml:4:1: "concurency" is not known
      -> did you mean "concurrency"?
    unknown key far from any
      matrix.yaml:4:1: "zzzzzzzzz" is not known
      -> known here: $schema, axes, coverage, include, exclude, constraints, defaults, agents, variants, images, platforms, agent, suites, checks, timeouts, attempts, test-attempts, only-checks, tier, user-data, environment, from, limits, prices, budget, from-environment, flaky, concurrency
    unknown nested key
      matrix.yaml:5:3: "bootx" is not known in timeouts
      -> did you mean "boot"?
    unknown key of an image
      matrix.yaml:6:5: "agnet" is not known in images.debian-12
      -> did you mean "agent"?
    missing axis
      matrix.yaml:2:3: axes: give either image, or distribution and release
    unknown suite
      matrix.yaml:4:18: suites.1: "regresion" is none of policy, regression, logs, +policy, +regression, +logs, -policy, -regression, -logs
      -> did you mean "regression"?
    bad duration
      matrix.yaml:5:9: timeouts.boot: "5m" is not a duration
      -> write a number and a unit, for example "90 seconds" or "5 minutes"
    bad source
      matrix.yaml:5:11: agent.source: "sid" is not a source of an agent: there is no such kind
      -> write none, release, suite:sid, package:./agent.deb, "repository:deb http://host/path suite main [key=FILE]" or command:TEXT
    empty package
      matrix.yaml:5:11: agent.source: "package:" is not a source of an agent: the path of the package is missing
      -> write none, release, suite:sid, package:./agent.deb, "repository:deb http://host/path suite main [key=FILE]" or command:TEXT
    not a number
      matrix.yaml:4:14: concurrency: Invalid input: expected number, received string
    exclusion without reason
      matrix.yaml:5:5: exclude.0.reason: is missing
      -> add "reason"
    exclusion of nothing
      matrix.yaml:5:12: "image: debian-99" matches no cell
      -> did you mean "debian-12"?
    settings of an unknown image
      matrix.yaml:6:5: "debian-21" has settings but is not in the matrix
      -> did you mean "debian-12"?
    cell twice
      matrix.yaml:5:5: the cell lxd/debian-12/default/default occurs twice
    number for a name
      matrix.yaml:4:13: axes.release.0: 24.10 is a number
      -> write it in quotes: "24.10"
    image and distribution
      matrix.yaml:2:3: axes: give either image, or distribution and release
    release of nothing
      matrix.yaml:2:3: axes: distribution and release belong together
    axis nobody understands
      matrix.yaml:4:14: "identitty" is an axis no platform of this matrix understands
      -> did you mean "identity"?
    axis of a platform nobody understands
      matrix.yaml:7:12: "gpu" is an axis no platform of this matrix understands
      -> known here: platform, image, distribution, release, image-variant, instance-type, boot, architecture, disk, nic, agent, suite, variant, identity
    list with and without signs
      matrix.yaml:6:13: give a sign to all of these values or to none
      -> with + and - a list is changed, without them it is replaced
    constraint on no axis
      matrix.yaml:5:19: "imge" is not an axis of this matrix
      -> did you mean "image"?
    constraint that never matches
      matrix.yaml:5:32: "image: debain-13" matches no cell
      -> did you mean "debian-12"?
    constraint of two kinds
      matrix.yaml:5:5: constraints.0: give either only or never
    too many combinations
      matrix.yaml:1:7: the axes make up to 125,000 cells
      -> let fewer of them stand for all: coverage: {strength: pairwise}
    unknown variant
      matrix.yaml:4:12: there is no variant "prxy"
      -> did you mean "proxy"?
    unknown suite on the axis
      matrix.yaml:4:10: "log" is none of policy, regression, logs
    group of no axis
      matrix.yaml:6:31: "bot" is not an axis of this matrix
      -> did you mean "boot"?
    pin of no value
      matrix.yaml:6:18: "debian-13" is not a value of image
      -> did you mean "debian-12"?
    pin that cannot be
      matrix.yaml:6:9: no cell can have these values: a constraint or the platform forbids it
      -> harness plan shows each constraint with its reason
    variable that is not allowed
      matrix.yaml:7:17: the variable BUILD_D is not in from-environment
      -> did you mean "BUILD_ID"?
    variable nobody set
      matrix.yaml:5:27: the variable UNSET is not set
      -> set it in the environment, or write \${UNSET:-otherwise}
    variable without a name
      matrix.yaml:4:13: "\${1%%x}" names no variable
      -> write \${NAME} or \${NAME:-otherwise}, or $\${ for these two characters
    include with a slip
      matrix.yaml:7:14: "atempts" is not an axis of this matrix
      -> did you mean "attempts"?
    not YAML
      matrix.yaml:3:1: Flow sequence in block collection must be sufficiently indented and end with a ]
    key twice
      matrix.yaml:4:1: Map keys must be unique
    two problems
      matrix.yaml:4:11: attempts: Too big: expected number to be <=5 (and 1 more)
    not a mapping
      matrix.yaml:1:1: Invalid input: expected object, received array
    slip in the first key
      matrix.yaml:1:1: "axs" is not known
      -> did you mean "axes"?
    slip in an axis that must be there
      matrix.yaml:3:3: "platfrom" is not known in axes
      -> did you mean "platform"?
    slip in a key of an entry
      matrix.yaml:6:5: "reasn" is not known in exclude.0
      -> did you mean "reason"?
    empty
      matrix.yaml: is empty
      -> add "axes"
    only a comment
      matrix.yaml: is empty
      -> add "axes"
    alias of nothing
      matrix.yaml:3:10: *images stands for nothing
      -> write &images before the value that it stands for, further up"
  `)
})

test('each mistake in a waiver file is named with line, column and a way out', () => {
  const entry = (text: string) => `waivers:\n  - ${text.split('\n').join('\n    ')}\n`
  const good = 'check: no-failed-units\ncells: lxd/*\nreason: known\ntracker: https://bugs.example/1\nuntil: 2026-12-01'
  const files = {
    expired: entry(good.replace('2026-12-01', '2026-11-21')),
    'too long': entry(good.replace('2026-12-01', '2027-02-21')),
    'no day': entry(good.replace('2026-12-01', 'soon')),
    'no tracker': entry(good.replace(/tracker.*\n/, '')),
    'bad tracker': entry(good.replace('https://bugs.example/1', 'bug 1')),
    'unknown key': entry(`${good}\nuntill: x`),
    'no reason to skip': entry(`${good}\nskip: ''`),
    'no cells': entry(good.replace('lxd/*', '[]')),
  }
  const now = new Date('2026-11-22T12:00:00Z')
  const said = Object.entries(files).map(
    ([title, text]) => `${title}\n  ${messageOf(() => parseWaivers(text, 'waivers.yaml', now))}`,
  )
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "expired
      waivers.yaml:6:12: the waiver of no-failed-units expired on 2026-11-21
      -> look at https://bugs.example/1, then remove the waiver or give it a later day
    too long
      waivers.yaml:6:12: the waiver of no-failed-units would last until 2027-02-21
      -> a waiver lasts 90 days at most: write 2027-02-20 or an earlier day
    no day
      waivers.yaml:6:12: waivers.0.until: Invalid ISO date
    no tracker
      waivers.yaml:2:5: waivers.0.tracker: is missing
      -> add "tracker"
    bad tracker
      waivers.yaml:5:14: waivers.0.tracker: Invalid URL
    unknown key
      waivers.yaml:7:5: "untill" is not known in waivers.0
      -> did you mean "until"?
    no reason to skip
      waivers.yaml:7:11: waivers.0.skip: Too small: expected string to have >=1 characters
    no cells
      waivers.yaml:3:12: waivers.0.cells: Too small: expected array to have >=1 items"
  `)
  expect(parseWaivers(entry(good), 'waivers.yaml', now)).toHaveLength(1)
  expect(parseWaivers(entry(good.replace('2026-12-01', '2027-02-20')), 'waivers.yaml', now)).toHaveLength(1)
  expect(parseWaivers(entry(good.replace('lxd/*', '[lxd/*, fake/*]')), 'waivers.yaml', now)).toMatchObject([
    { cells: ['lxd/*', 'fake/*'], position: { line: 2, column: 12 } },
  ])
})

function messageOf(body: () => unknown): string {
  try {
    body()
  } catch (error) {
    if (error instanceof ConfigError) return `${error.message}${error.hint === undefined ? '' : `\n  -> ${error.hint}`}`
    throw error
  }
  return 'accepted'
}
