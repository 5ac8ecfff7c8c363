import { expect, test } from 'vitest'
import { cleanText } from '../../../src/core/text.ts'
import { htmlReport } from '../../../src/reporters/html/page.ts'
import { sampleRun } from './sample.ts'

test('nothing a guest says becomes markup, and nothing is loaded from elsewhere', async () => {
  const page = htmlReport(await sampleRun('hostile'))
  expect(page.match(/<script\b/g)).toHaveLength(1)
  expect(page).not.toMatch(/<img|onerror="|href="javascript:|href="[^"]*\.\.\//)
  expect(cleanText(page)).toBe(page)
  expect(page).toContain('&lt;script&gt;window.pwned=1&lt;/script&gt;')
  expect(page.match(/(?:src|href)="(?!#|cells\/|events\.jsonl|junit\.xml|summary\.md|https:\/\/)[^"]*"/g)).toBeNull()
})

test('the page says what failed first, then why and how to repair it', async () => {
  const page = htmlReport(await sampleRun('failing'))
  const text = page
    .replaceAll(/<(style|script)>[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
  for (const words of [
    '1 of 4 cells passed: 2 failed, 1 not judged',
    'Expected: the image brings no SSH host keys.',
    'two machines with one key can pose as each other',
    'rm -f /etc/ssh/ssh_host_*_key*',
    '✘ broke: 2',
    '✔ fixed: 1',
    'this host has no /dev/kvm',
    'You are in emergency mode',
    'free space in the pool',
  ])
    expect(text).toContain(words)
})
