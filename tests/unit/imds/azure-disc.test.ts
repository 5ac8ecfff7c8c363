import { expect, it } from 'vitest'
import { provisioningDisc } from '../../../src/imds/azure-disc.ts'
import { CLOUDS } from '../../../src/imds/clouds.ts'
import { newDocument } from '../../../src/imds/document.ts'

const text = (known: Parameters<typeof newDocument>[2]) =>
  provisioningDisc(newDocument(CLOUDS.azure, 'a', known))
    .files.map(({ content }) => content)
    .join('')

it('names the machine and its account, and switches passwords off unless there is one', () => {
  expect(text({ hostname: 'web-1', user: 'admin' })).toMatch(
    /<ns1:HostName>web-1<.*<ns1:UserName>admin<.*<ns1:DisableSshPasswordAuthentication>true</s,
  )
  expect(text({ password: 'a<b&c' })).toMatch(
    /<ns1:UserPassword>a&lt;b&amp;c<.*<ns1:DisableSshPasswordAuthentication>false</s,
  )
})

it('does not carry user-data, which come by the metadata service', () => {
  expect(text({ userData: '#!/bin/sh\n' })).toBe(text({}))
})
