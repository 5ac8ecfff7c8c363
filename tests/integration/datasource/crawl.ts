import { crawlSize, regression } from '../../../src/testing/index.ts'
import { survived } from '../probes/crossing.ts'
import { NOTICES_ANOTHER, rebootAsAnother } from './probes/boots.ts'

/** Most requests and bytes of one boot of a new instance with one card, from what current versions need and some room. */
const BUDGETS: Readonly<Record<string, { requests: number; bytes: number }>> = {
  ec2: { requests: 75, bytes: 12_000 },
  gce: { requests: 14, bytes: 6_000 },
  azure: { requests: 10, bytes: 16_000 },
  openstack: { requests: 40, bytes: 16_000 },
  oracle: { requests: 6, bytes: 8_000 },
  hetzner: { requests: 6, bytes: 6_000 },
  digitalocean: { requests: 3, bytes: 6_000 },
  'nocloud-net': { requests: 6, bytes: 6_000 },
}

regression(
  'reg-ds-new-crawl-budget',
  {
    title: 'the metadata service is not asked more often than its budget allows',
    because: 'every request is a chance to be throttled, and a fleet that boots at once asks them all at once',
    source:
      'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html#instancedata-throttling',
    severity: 'minor',
    disruptive: true,
    applies: { identities: NOTICES_ANOTHER },
    fix: 'the requests are in the attached log',
  },
  async (context) => {
    const { metadata } = (await survived(rebootAsAnother(context), context.skip)).noted
    const { exchanges } = await metadata.imds.state()
    const size = crawlSize(exchanges)
    context.attach(
      'requests',
      exchanges
        .map(
          ({ method, endpoint, path, status, bytes, durationMs }) =>
            `${method} ${endpoint} ${path} ${status} ${bytes} B ${durationMs.toFixed(0)} ms\n`,
        )
        .join(''),
    )
    context.measure({ name: 'crawl requests', value: size.requests, unit: 'count' })
    context.measure({ name: 'crawl bytes', value: size.bytes, unit: 'bytes' })
    context.measure({ name: 'crawl time', value: Math.round(size.durationMs), unit: 'ms' })
    const budget = BUDGETS[metadata.cloud.name]
    context.expect(size.requests, 'requests').toBeGreaterThan(0)
    context.expect(size.requests, 'requests').toBeLessThanOrEqual(budget?.requests ?? 0)
    context.expect(size.bytes, 'bytes').toBeLessThanOrEqual(budget?.bytes ?? 0)
  },
)

regression(
  'reg-ds-new-crawl-accepted',
  {
    title: 'no request of the crawl is refused: headers, tokens and versions are right',
    because: 'a request without its token works only where the old way is still allowed',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html',
    severity: 'major',
    fix: 'the refused requests are in the failure; compare headers with the documentation of the cloud',
    disruptive: true,
    applies: { identities: NOTICES_ANOTHER },
  },
  async (context) => {
    const { metadata } = (await survived(rebootAsAnother(context), context.skip)).noted
    const { exchanges } = await metadata.imds.state()
    context.expect(exchanges.length, 'requests').toBeGreaterThan(0)
    // Guest attributes are refused to everybody until somebody allows them.
    const asked = exchanges.filter(({ path }) => !path.includes('/guest-attributes/'))
    const refused = asked.filter(({ status }) => [400, 401, 403, 405].includes(status))
    context.expect(refused.map(({ method, path, status }) => `${method} ${path}: ${status}`)).toEqual([])
  },
)

regression(
  'reg-ds-token-logs',
  {
    title: 'tokens of the metadata service are not in the logs',
    because: 'with a token any process on the machine reads the credentials of its role',
    source: 'https://github.com/canonical/cloud-init/issues/3840',
    severity: 'blocker',
    fix: 'give headers_redact to every request that carries a token',
    applies: { identities: ['ec2'] },
  },
  async ({ instance, expect }) => {
    const log = await instance.root
      .sh`cat /var/log/cloud-init.log /var/log/cloud-init-output.log; journalctl -b --no-pager 2>/dev/null; :`
    const tokens = [...log.matchAll(/X-aws-ec2-metadata-token'?"?: ?'?"?([^'",}\s]+)/g)].map((match) => match[1])
    expect(
      tokens.filter((token) => token !== 'REDACTED'),
      'tokens in the logs',
    ).toEqual([])
    expect(tokens.length, 'requests with a token in the log').toBeGreaterThan(0)
  },
)
