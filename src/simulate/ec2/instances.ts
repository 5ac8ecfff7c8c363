import type {
  DescribeInstancesRequest,
  DescribeInstancesResult,
  GetConsoleOutputRequest,
  GetConsoleOutputResult,
  GetConsoleScreenshotRequest,
  GetConsoleScreenshotResult,
  InstanceStateChange,
  RebootInstancesRequest,
  StartInstancesRequest,
  StartInstancesResult,
  StopInstancesRequest,
  StopInstancesResult,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2'
import { SCREEN_JPEG } from '../screen.ts'
import { ApiError } from './api-error.ts'
import { filtered, pageOf } from './filters.ts'
import { noticeShutdown, readConsole, reboot, start, stateOf, stop, terminate } from './life.ts'
import type { Call, SimulatedInstance } from './world.ts'
import { ACCOUNT } from './world.ts'

const MOST_CONSOLE = 65_536

export async function describeInstances(
  input: DescribeInstancesRequest,
  { world }: Call,
): Promise<DescribeInstancesResult> {
  const listed = world.instances.list(input.InstanceIds)
  await Promise.all(listed.map((instance) => noticeNow(world, instance)))
  const found = filtered(
    listed.map(({ data }) => data),
    input.Filters,
    {
      'instance-id': ({ InstanceId }) => [InstanceId],
      'instance-state-name': ({ State }) => [State?.Name],
      'client-token': ({ ClientToken }) => [ClientToken],
      'availability-zone': ({ Placement }) => [Placement?.AvailabilityZone],
      'image-id': ({ ImageId }) => [ImageId],
      'vpc-id': ({ VpcId }) => [VpcId],
    },
  )
  const { items, ...more } = pageOf(found, input, world.pageSize)
  return {
    Reservations: items.map((data) => ({
      ReservationId: `r-${data.InstanceId.slice(2)}`,
      OwnerId: ACCOUNT,
      Groups: [],
      Instances: [data],
    })),
    ...more,
  }
}

/** An answer never waits for a change that is going on. */
async function noticeNow(world: Call['world'], instance: SimulatedInstance): Promise<void> {
  const going = Symbol('going')
  const settled = await Promise.race([instance.work, Promise.resolve(going)])
  if (settled !== going) await noticeShutdown(world, instance)
}

function change(
  ids: readonly string[] | undefined,
  { world }: Call,
  act: (instance: SimulatedInstance) => void,
): InstanceStateChange[] {
  return world.instances.list(needed(ids)).map((instance) => {
    const PreviousState = instance.data.State
    act(instance)
    return { InstanceId: instance.data.InstanceId, PreviousState, CurrentState: instance.data.State }
  })
}

function needed(ids: readonly string[] | undefined): readonly string[] {
  if (!ids || ids.length === 0)
    throw new ApiError('MissingParameter', 'The request must contain the parameter InstanceId')
  const malformed = ids.find((id) => !/^i-[0-9a-f]{8,17}$/.test(id))
  if (malformed !== undefined) throw new ApiError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`)
  return ids
}

function mustBe(instance: SimulatedInstance, states: readonly string[], verb: string): void {
  if (!states.includes(stateOf(instance)))
    throw new ApiError(
      'IncorrectInstanceState',
      `The instance '${instance.data.InstanceId}' is not in a state from which it can be ${verb}.`,
    )
}

export async function terminateInstances(
  input: TerminateInstancesRequest,
  call: Call,
): Promise<TerminateInstancesResult> {
  return { TerminatingInstances: change(input.InstanceIds, call, (instance) => terminate(call.world, instance)) }
}

export async function stopInstances(input: StopInstancesRequest, call: Call): Promise<StopInstancesResult> {
  const StoppingInstances = change(input.InstanceIds, call, (instance) => {
    if (stateOf(instance) === 'stopped' || stateOf(instance) === 'stopping') return
    mustBe(instance, ['running', 'pending'], 'stopped')
    if (instance.data.InstanceLifecycle === 'spot')
      throw new ApiError(
        'UnsupportedOperation',
        `You can't stop the Spot Instance '${instance.data.InstanceId}' because it is associated with a one-time Spot Instance request.`,
      )
    stop(call.world, instance, input.Force ?? false)
  })
  return { StoppingInstances }
}

export async function startInstances(input: StartInstancesRequest, call: Call): Promise<StartInstancesResult> {
  const StartingInstances = change(input.InstanceIds, call, (instance) => {
    if (stateOf(instance) === 'running' || stateOf(instance) === 'pending') return
    mustBe(instance, ['stopped'], 'started')
    start(call.world, instance)
  })
  return { StartingInstances }
}

export async function rebootInstances(input: RebootInstancesRequest, call: Call): Promise<object> {
  change(input.InstanceIds, call, (instance) => {
    mustBe(instance, ['running'], 'rebooted')
    reboot(call.world, instance)
  })
  return {}
}

export async function getConsoleOutput(
  input: GetConsoleOutputRequest,
  { world }: Call,
): Promise<GetConsoleOutputResult> {
  const [instance] = world.instances.list(needed(input.InstanceId === undefined ? undefined : [input.InstanceId]))
  if (!instance)
    throw new ApiError('InvalidInstanceID.NotFound', `The instance ID '${input.InstanceId}' does not exist`)
  const live = input.Latest === true && stateOf(instance) === 'running'
  const text = live ? await readConsole(world, instance) : instance.console
  return {
    InstanceId: instance.data.InstanceId,
    Timestamp: new Date(),
    Output: Buffer.from(text).subarray(-MOST_CONSOLE).toString('base64'),
  }
}

export async function getConsoleScreenshot(
  input: GetConsoleScreenshotRequest,
  { world }: Call,
): Promise<GetConsoleScreenshotResult> {
  const { data } = world.instances.get(input.InstanceId)
  if (data.State?.Name !== 'running')
    throw new ApiError('IncorrectInstanceState', `The instance '${input.InstanceId}' is not running`)
  return { InstanceId: data.InstanceId, ImageData: SCREEN_JPEG.toString('base64') }
}
