import { expect, test } from 'vitest'
import { cleanText } from '../../../src/core/text.ts'
import { junitXml } from '../../../src/reporters/junit.ts'
import { sampleRun } from './sample.ts'

/** Reads the XML we write, strictly enough to notice what a parser would refuse. */
function parse(xml: string) {
  expect(cleanText(xml)).toBe(xml)
  expect(xml).not.toMatch(/[\uFFFE\uFFFF]/)
  expect(xml.isWellFormed()).toBe(true)
  const stack: string[] = []
  const counts: Record<string, number> = {}
  const rest = xml
    .replace(/^<\?xml[^?]*\?>\n/, '')
    .replaceAll(/<(\/?)([a-z-]+)((?: [a-z-]+="[^"<]*")*)(\/?)>/g, (_, close, name, __, empty) => {
      if (close) expect(stack.pop()).toBe(name)
      else {
        counts[name] = (counts[name] ?? 0) + 1
        if (!empty) stack.push(name)
      }
      return ''
    })
  expect(stack).toEqual([])
  expect(rest).not.toMatch(/[<>]/)
  expect(rest.replaceAll(/&(amp|lt|gt|quot|#10|#9);/g, '')).not.toContain('&')
  return counts
}

test('a run that failed', async () => {
  const xml = junitXml(await sampleRun('failing'))
  expect(parse(xml)).toMatchInlineSnapshot(`
    {
      "error": 1,
      "failure": 6,
      "properties": 38,
      "property": 184,
      "system-out": 6,
      "testcase": 36,
      "testsuite": 4,
      "testsuites": 1,
    }
  `)
  expect(xml).toContain('<error type="infra" message="the storage pool &quot;default&quot; is full">')
  expect(xml).toContain('<failure type="BootError" message="the instance did not reach')
  expect(xml).toContain('[[ATTACHMENT|cells/lxd/debian-13/default/container/logs/cloud-init.log]]')
  const cell = xml.slice(xml.indexOf('<testsuite name="lxd/debian-13'), xml.indexOf('<testsuite name="lxd/debian-bad'))
  expect(cell.split('\n').slice(0, 42).join('\n')).toMatchInlineSnapshot(`
    "<testsuite name="lxd/debian-13/default/container" tests="17" failures="5" errors="0" skipped="0" time="36.602" timestamp="2026-08-22T10:15:00.900Z">
        <properties>
          <property name="platform" value="lxd"/>
          <property name="image" value="debian-13"/>
          <property name="distribution" value="debian"/>
          <property name="release" value="13"/>
          <property name="instance-type" value="default"/>
          <property name="boot" value="container"/>
          <property name="agent" value="cloud-init"/>
          <property name="agent-source" value="suite sid"/>
          <property name="status" value="fail"/>
          <property name="boots" value="5"/>
          <property name="agent-from" value="25.1.4-1"/>
          <property name="agent-to" value="26.2-1"/>
          <property name="broke" value="reg-svc-failed ci-status-done"/>
          <property name="fixed" value="ssh-password-auth-off"/>
        </properties>
        <testcase name="id-no-host-keys (rest)" classname="lxd/debian-13/default/container.policy" time="0.002">
          <properties>
            <property name="title" value="the image brings no SSH host keys"/>
            <property name="severity" value="blocker"/>
            <property name="subject" value="upgraded"/>
            <property name="status" value="fail"/>
            <property name="because" value="two machines with one key can pose as each other"/>
            <property name="source" value="https://wiki.debian.org/Teams/Cloud"/>
          </properties>
          <failure type="blocker" message="expected [ '/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key' ] to equal []">expected [ '/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key' ] to equal []
    - []
    + ['/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key']
    at tests/policy/identity.ts:41</failure>
        </testcase>
        <testcase name="id-machine-id-reset (rest)" classname="lxd/debian-13/default/container.policy" time="0.002">
          <properties>
            <property name="title" value="the machine-id is empty"/>
            <property name="severity" value="blocker"/>
            <property name="subject" value="upgraded"/>
            <property name="status" value="pass"/>
          </properties>
        </testcase>
        <testcase name="acct-root-locked (rest)" classname="lxd/debian-13/default/container.policy" time="0.002">
          <properties>
            <property name="title" value="root has no usable password"/>"
  `)
})

test('reasons of what was skipped and waived are kept', async () => {
  const xml = junitXml(await sampleRun('passing'))
  parse(xml)
  expect(xml.match(/<skipped [^>]*>/g)).toMatchInlineSnapshot(`
    [
      "<skipped message="waived until 2026-12-31: C.UTF-8 comes with the next point release (https://bugs.debian.org/900000); expected 'C' to be 'C.UTF-8'"/>",
      "<skipped message="the network of this host has no IPv6"/>",
    ]
  `)
  expect(xml).toContain('<property name="flaky" value="true"/>')
})

test('cells that did not end are errors of the infrastructure', async () => {
  const xml = junitXml(await sampleRun('interrupted'))
  expect(parse(xml).error).toBe(3)
  expect(xml).toContain('the run was interrupted while this cell ran')
})

test('hostile text stays text', async () => {
  const xml = junitXml(await sampleRun('hostile'))
  parse(xml)
  expect(xml).toContain('&lt;script&gt;')
})
