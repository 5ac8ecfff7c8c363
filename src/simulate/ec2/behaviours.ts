import type { Behaviour } from '../behaviour.ts'

const API = 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference'
const GUIDE = 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide'
const DEVGUIDE = 'https://docs.aws.amazon.com/ec2/latest/devguide'

/** What the simulator does, and how it is known that EC2 does so. */
export const BEHAVIOURS: readonly Behaviour[] = [
  {
    id: 'wire',
    says: 'parameters that EC2 does not define are refused, and no answer has a member that EC2 does not define',
    basis: 'documented',
    source: `${API}/Welcome.html`,
  },
  {
    id: 'client-token',
    says: 'the same ClientToken with the same parameters has the same answer and no further effect; with others it is IdempotentParameterMismatch',
    basis: 'documented',
    source: `${DEVGUIDE}/ec2-api-idempotency.html`,
  },
  {
    id: 'client-token-terminated',
    says: 'the answer to a repeated ClientToken is of now: the instance may be terminated',
    basis: 'documented',
    source: `${DEVGUIDE}/ec2-api-idempotency.html`,
  },
  {
    id: 'eventual-consistency',
    says: 'what is new is unknown to other calls for a moment: NotFound by its id, absent from lists',
    basis: 'documented',
    source: `${DEVGUIDE}/eventual-consistency.html`,
  },
  {
    id: 'eventual-consistency-kinds',
    says: 'volumes, snapshots, subnets and network cards are known at once, for the waiters of the vendor do not wait for them to appear',
    basis: 'documented',
    source: 'https://github.com/boto/botocore/blob/develop/botocore/data/ec2/2016-11-15/waiters-2.json',
  },
  {
    id: 'states',
    says: 'an instance is pending, running, stopping, stopped, shutting-down and terminated, and takes time between',
    basis: 'documented',
    source: `${GUIDE}/ec2-instance-lifecycle.html`,
  },
  {
    id: 'async-failure',
    says: 'a launch that was accepted can end terminated, with a code in StateReason',
    basis: 'documented',
    source: `${API}/API_StateReason.html`,
  },
  {
    id: 'throttle',
    says: 'too many calls are RequestLimitExceeded with status 503',
    basis: 'documented',
    source: `${DEVGUIDE}/ec2-api-throttling.html`,
  },
  {
    id: 'stockout',
    says: 'no capacity is InsufficientInstanceCapacity, a server error',
    basis: 'documented',
    source: `${API}/errors-overview.html`,
  },
  { id: 'stockout-status', says: 'the status of InsufficientInstanceCapacity is 500', basis: 'assumed' },
  {
    id: 'quota',
    says: 'a launch over the vCPU limit is VcpuLimitExceeded, for spot MaxSpotInstanceCountExceeded',
    basis: 'documented',
    source: `${API}/errors-overview.html`,
  },
  {
    id: 'user-data',
    says: 'user-data are base64, of 16384 bytes at most before encoding',
    basis: 'documented',
    source: `${GUIDE}/user-data.html`,
  },
  {
    id: 'dry-run',
    says: 'DryRun is DryRunOperation when the call is allowed and UnauthorizedOperation when not',
    basis: 'documented',
    source: `${API}/CommonParameters.html`,
  },
  { id: 'dry-run-status', says: 'the status of DryRunOperation is 412', basis: 'assumed' },
  {
    id: 'terminate-pending',
    says: 'an instance can be terminated while it is pending',
    basis: 'documented',
    source: `${GUIDE}/ec2-instance-lifecycle.html`,
  },
  {
    id: 'terminated-listed',
    says: 'a terminated instance is listed for a while, without cards and volumes',
    basis: 'documented',
    source: `${GUIDE}/terminating-instances.html`,
  },
  {
    id: 'lost-reply',
    says: 'a call can be done though its answer never came',
    basis: 'documented',
    source: `${DEVGUIDE}/ec2-api-idempotency.html`,
  },
  {
    id: 'pages',
    says: 'lists come in pages with NextToken, however few were asked for',
    basis: 'documented',
    source: `${DEVGUIDE}/ec2-api-pagination.html`,
  },
  {
    id: 'spot',
    says: 'a spot instance that is taken away is terminated with Server.SpotInstanceTermination, and cannot be stopped',
    basis: 'documented',
    source: `${GUIDE}/spot-interruptions.html`,
  },
  {
    id: 'shutdown-behavior',
    says: 'a guest that shuts itself down stops its instance, or terminates it when it was launched so',
    basis: 'documented',
    source: `${GUIDE}/terminating-instances.html`,
  },
  {
    id: 'skew',
    says: 'a request signed more than five minutes from the clock of the service is RequestExpired',
    basis: 'documented',
    source: `${API}/errors-overview.html`,
  },
  {
    id: 'expired',
    says: 'credentials that are over are RequestExpired',
    basis: 'documented',
    source: `${API}/errors-overview.html`,
  },
  {
    id: 'policy',
    says: 'a caller is held to the actions and conditions of a policy document; tagging at creation needs ec2:CreateTags',
    basis: 'documented',
    source: `${GUIDE}/supported-iam-actions-tagging.html`,
  },
  {
    id: 'policy-resources',
    says: 'the Resource of a statement is not looked at, and signatures are not checked',
    basis: 'assumed',
  },
  {
    id: 'console',
    says: 'GetConsoleOutput gives the last 64 KiB, of the last change of state, or of now with Latest',
    basis: 'documented',
    source: `${API}/API_GetConsoleOutput.html`,
  },
  {
    id: 'console-terminated',
    says: 'the console can be read for a while after termination',
    basis: 'documented',
    source: `${GUIDE}/instance-console.html`,
  },
  { id: 'screenshot', says: 'GetConsoleScreenshot gives a JPEG, here always a black one', basis: 'assumed' },
  {
    id: 'addresses',
    says: 'the public and the private address of an instance are both that of its container, and stay over a stop',
    basis: 'assumed',
  },
  {
    id: 'create-image',
    says: 'CreateImage reboots a running instance unless NoReboot, and its snapshot must be deleted by itself',
    basis: 'documented',
    source: `${API}/API_CreateImage.html`,
  },
  {
    id: 'snapshot-in-use',
    says: 'a snapshot of a registered image is InvalidSnapshot.InUse',
    basis: 'documented',
    source: `${API}/API_DeleteSnapshot.html`,
  },
  {
    id: 'dependency',
    says: 'a security group, subnet or VPC in use is DependencyViolation',
    basis: 'documented',
    source: `${API}/errors-overview.html`,
  },
  {
    id: 'ssm',
    says: 'an image can be named as resolve:ssm: and a parameter',
    basis: 'documented',
    source: `${API}/API_RunInstances.html`,
  },
  {
    id: 'tunnel',
    says: 'a signed address of an EC2 Instance Connect Endpoint opens a websocket with the bytes of a port of an instance of its VPC, for an hour at most',
    basis: 'documented',
    source: 'https://github.com/aws/aws-cli/tree/v2/awscli/customizations/ec2instanceconnect',
  },
  {
    id: 'tunnel-dark',
    says: 'the websocket of an instance that cannot be reached is closed with 1011, any port may be asked for, and all endpoints are this server',
    basis: 'assumed',
  },
  {
    id: 'unsupported',
    says: 'what the simulator does not have is UnsupportedOperation with status 501, and members of RunInstances it does not understand are refused',
    basis: 'assumed',
  },
]
