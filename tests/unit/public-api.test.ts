import { expect, it } from 'vitest'
import * as api from '../../src/index.ts'
import * as testing from '../../src/testing/index.ts'

// A name that is added here is a promise; a name that goes is a breaking change.
it('exports these values from harness', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "BootError",
      "CancelledError",
      "CleanupError",
      "CommandError",
      "ConfigError",
      "HarnessError",
      "PlatformError",
      "PrerequisiteError",
      "TransportError",
      "UnsupportedError",
      "WaitTimeoutError",
      "openPlatform",
    ]
  `)
})

it('exports these values from harness/testing', () => {
  expect(Object.keys(testing).sort()).toMatchInlineSnapshot(`
    [
      "CLOUDS",
      "PlatformError",
      "UnknownFactError",
      "crawlSize",
      "describeFiles",
      "healthReports",
      "isKnown",
      "known",
      "matches",
      "mirrorTrouble",
      "policy",
      "refreshArchive",
      "regression",
      "wanted",
      "withMirrorRetries",
    ]
  `)
})
