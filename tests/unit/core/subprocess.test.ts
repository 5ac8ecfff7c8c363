import { describe, expect, it } from 'vitest'
import { CancelledError, PrerequisiteError } from '../../../src/core/errors.ts'
import { probeHost, runHost, SubprocessError } from '../../../src/core/subprocess.ts'
import { waitUntil } from '../../../src/core/wait-until.ts'

const soon = { deadlineMs: 10_000 }

describe('probeHost', () => {
  it('keeps exit code, both streams and stdin apart', async () => {
    const result = await probeHost(['sh', '-c', 'cat; echo err >&2; exit 3'], { ...soon, stdin: 'in' })
    expect(result).toMatchObject({ exitCode: 3, stdout: 'in', stderr: 'err\n', truncated: false })
  })

  it('says how to install a command that is missing', async () => {
    const missing = probeHost(['no-such-command-here'], { ...soon, installHint: 'apt-get install it' })
    await expect(missing).rejects.toBeInstanceOf(PrerequisiteError)
    await expect(missing).rejects.toMatchObject({ hint: 'apt-get install it' })
  })

  it('caps what it keeps and says so', async () => {
    const result = await probeHost(['sh', '-c', 'head -c 100000 /dev/zero'], { ...soon, maxBytes: 1000 })
    expect(result.stdout).toHaveLength(1000)
    expect(result.truncated).toBe(true)
  })

  it('kills the whole process group at the deadline', async () => {
    let child = 0
    const late = probeHost(['sh', '-c', 'sleep 600 & echo $!; wait'], {
      deadlineMs: 300,
      onLine: (line) => (child = Number(line)),
    })
    await expect(late).rejects.toThrow(/was killed after 0\.3 s/)
    await waitUntil({ what: 'the grandchild to die', deadlineMs: 5000 }, async () => {
      try {
        process.kill(child, 0)
        return { done: false, saw: 'alive' }
      } catch {
        return { done: true, value: undefined }
      }
    })
  })

  it('is cancelled by its signal', async () => {
    const controller = new AbortController()
    const running = probeHost(['sleep', '600'], { ...soon, signal: controller.signal })
    controller.abort()
    await expect(running).rejects.toBeInstanceOf(CancelledError)
  })

  it('gives lines as they come, also a line cut by a chunk', async () => {
    const lines: string[] = []
    await probeHost(['sh', '-c', 'printf "a\\nb"; printf "c\\n"'], { ...soon, onLine: (line) => lines.push(line) })
    expect(lines).toEqual(['a', 'bc'])
  })
})

describe('runHost', () => {
  it('rejects with the last lines of stderr on a non-zero exit', async () => {
    const failing = runHost(['sh', '-c', 'echo broken pipe dream >&2; exit 2'], soon)
    await expect(failing).rejects.toBeInstanceOf(SubprocessError)
    await expect(failing).rejects.toThrow(/exited with 2: broken pipe dream/)
  })
})
