import type { CloudName, RegressionInfo } from '../../../../src/testing/index.ts'

/** By default OpenStack asks once: https://docs.cloud-init.io/en/latest/reference/datasources/openstack.html, `max_wait`. */
const ASKS_ONCE: readonly string[] = ['openstack']

/**
 * A first boot on which the service cannot be reached twice, and then is too busy twice. One boot for several checks.
 * Whoever asks for a token gives up for good when that is refused; every other request must be made again.
 */
export const LATE = {
  instance: 'own',
  group: 'ds-late',
  cloud: (cloud: CloudName) => ({
    faults: [
      ...(ASKS_ONCE.includes(cloud) ? [] : [{ kind: 'reset', times: 2 } as const]),
      { kind: 'status', status: 503, method: 'GET', skip: 2, times: 1 },
      { kind: 'status', status: 429, method: 'GET', skip: 3, times: 1 },
    ],
  }),
} as const satisfies Partial<RegressionInfo>
