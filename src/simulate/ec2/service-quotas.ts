import type { ApiReply, ApiRequest } from '../serve.ts'
import { ApiError } from './api-error.ts'
import type { World } from './world.ts'

const TARGET = 'ServiceQuotasV20190624.'

/** vCPUs of running on-demand standard instances: https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html */
const STANDARD = 'L-1216C47A'

/** Name of an operation of Service Quotas, or undefined when a request is for something else. */
export function quotaAction({ headers }: ApiRequest): string | undefined {
  const target = headers['x-amz-target'] ?? ''
  return target.startsWith(TARGET) ? target.slice(TARGET.length) : undefined
}

export function answerQuotas(world: World, action: string, { body }: ApiRequest): ApiReply {
  if (action !== 'GetServiceQuota')
    throw new ApiError('UnsupportedOperation', `the simulator does not have ${action}`, 501)
  const { ServiceCode, QuotaCode } = JSON.parse(body.toString('utf8')) as { ServiceCode?: string; QuotaCode?: string }
  if (ServiceCode !== 'ec2' || QuotaCode !== STANDARD)
    throw new ApiError('NoSuchResourceException', `no quota ${QuotaCode}`)
  const Quota = {
    ServiceCode,
    QuotaCode,
    QuotaName: 'Running On-Demand Standard instances',
    Value: (world.settings.quota ?? 100_000) * 2,
  }
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify({ Quota }) }
}
