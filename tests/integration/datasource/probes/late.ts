import type { RegressionInfo } from '../../../../src/testing/index.ts'

/** A first boot on which the service cannot be reached twice, and then is too busy twice. One boot for several checks. */
export const LATE = {
  instance: 'own',
  group: 'ds-late',
  cloud: {
    faults: [
      { kind: 'reset', times: 2 },
      // Whoever asks for a token gives up for good when that is refused; every other request must be made again.
      { kind: 'status', status: 503, method: 'GET', skip: 2, times: 1 },
      { kind: 'status', status: 429, method: 'GET', skip: 3, times: 1 },
    ],
  },
} as const satisfies Partial<RegressionInfo>
