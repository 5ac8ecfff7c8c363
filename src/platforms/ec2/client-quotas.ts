import type { CallWaiting } from '../cloud-calls.ts'
import { persistently } from '../cloud-calls.ts'
import { loadPackage } from '../load-package.ts'
import type { Connection } from './client.ts'
import { toPlatformError } from './errors.ts'

const PACKAGE = '@aws-sdk/client-service-quotas@3.1138.0'

/** vCPUs of running machines of the usual types, on demand: https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html */
const STANDARD_VCPUS = 'L-1216C47A'

/** How many vCPUs may run at a time, as the account has it. @throws PrerequisiteError without the package; PlatformError */
export async function vcpuQuota(
  { region, endpoint, credentials, agent }: Connection,
  waiting: CallWaiting,
): Promise<number | undefined> {
  const doing = 'reading the quota of vCPUs'
  const sdk = await loadPackage(doing, [PACKAGE], () => import('@aws-sdk/client-service-quotas'))
  const client = new sdk.ServiceQuotas({
    maxAttempts: 1,
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(agent ? { requestHandler: { httpsAgent: agent } } : {}),
  })
  try {
    const answer = await persistently(
      doing,
      waiting,
      (error) => toPlatformError(error, doing),
      ({ signal }) =>
        client.getServiceQuota({ ServiceCode: 'ec2', QuotaCode: STANDARD_VCPUS }, { abortSignal: signal }),
    )
    return answer.Quota?.Value
  } finally {
    client.destroy()
  }
}
