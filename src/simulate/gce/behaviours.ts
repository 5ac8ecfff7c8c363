import type { Behaviour } from '../behaviour.ts'

const DOCS = 'https://cloud.google.com/compute/docs'

/** What the simulator does as Compute Engine does it. */
export const behaviours: readonly Behaviour[] = [
  {
    id: 'operations',
    says: 'a change answers with an operation; what went wrong later is in its error, with HTTP status 200',
    basis: 'documented',
    source: `${DOCS}/api/how-tos/api-requests-responses#handling_api_responses`,
  },
  {
    id: 'wait',
    says: 'wait answers when the operation is done, or earlier',
    basis: 'documented',
    source: `${DOCS}/reference/rest/v1/zoneOperations/wait`,
  },
  {
    id: 'request-id',
    says: 'the same request with the same requestId begins one operation',
    basis: 'documented',
    source: `${DOCS}/reference/rest/v1/instances/insert`,
  },
  {
    id: 'fields',
    says: 'parameters, fields and words of enums that the API does not define are refused',
    basis: 'assumed',
  },
  {
    id: 'stockout',
    says: 'a zone without capacity ends the operation with ZONE_RESOURCE_POOL_EXHAUSTED, and the machine is not there',
    basis: 'documented',
    source: `${DOCS}/troubleshooting/troubleshooting-resource-availability`,
  },
  {
    id: 'quota',
    says: 'a launch over a quota is refused with 403 and the reason quotaExceeded',
    basis: 'documented',
    source: 'https://cloud.google.com/compute/resource-usage',
  },
  {
    id: 'throttle',
    says: 'too many calls are refused with 403 and the reason rateLimitExceeded',
    basis: 'documented',
    source: 'https://cloud.google.com/compute/api-quota',
  },
  {
    id: 'tunnel',
    says: 'a websocket of Identity-Aware Proxy carries the bytes of a port of a machine in frames, and stops when they are not acknowledged',
    basis: 'documented',
    source:
      'https://docs.cloud.google.com/iap/docs/using-tcp-forwarding; frames: googlecloudsdk of the Google Cloud CLI',
  },
  {
    id: 'tunnel-end',
    says: 'a machine that cannot be reached closes its tunnel with 4003, wrong frames with 4000; a lost tunnel cannot be taken up again',
    basis: 'assumed',
  },
  {
    id: 'metadata-size',
    says: 'a metadata value has at most 256 KiB',
    basis: 'documented',
    source: `${DOCS}/metadata/setting-custom-metadata#limitations`,
  },
  {
    id: 'run-duration',
    says: 'a machine with maxRunDuration is deleted or stopped when it is over; 30 seconds to 120 days',
    basis: 'documented',
    source: `${DOCS}/instances/limit-vm-runtime`,
  },
  {
    id: 'guest-shutdown',
    says: 'a machine whose guest shuts itself down becomes TERMINATED and stays',
    basis: 'documented',
    source: `${DOCS}/instances/instance-life-cycle`,
  },
  {
    id: 'preemption',
    says: 'a spot machine that is taken away is stopped or deleted as asked, and an operation compute.instances.preempted tells of it',
    basis: 'documented',
    source: `${DOCS}/instances/create-use-spot#detect-preemption`,
  },
  {
    id: 'serial-ring',
    says: 'the serial port keeps its last megabyte, and start tells which byte is the first',
    basis: 'documented',
    source: `${DOCS}/troubleshooting/viewing-serial-port-output`,
  },
  { id: 'screenshot', says: 'a picture of the screen is JPEG, and refused without a display', basis: 'assumed' },
  {
    id: 'guest-attributes',
    says: 'what the guest puts under guest-attributes can be read when enable-guest-attributes is TRUE',
    basis: 'documented',
    source: `${DOCS}/metadata/manage-guest-attributes`,
  },
  {
    id: 'distinct-networks',
    says: 'two cards of a machine are never in the same network',
    basis: 'documented',
    source: 'https://cloud.google.com/vpc/docs/create-use-multiple-interfaces',
  },
  {
    id: 'auto-delete',
    says: 'disks with autoDelete go with their machine; others stay',
    basis: 'documented',
    source: `${DOCS}/disks/modify-persistent-disk#autodelete`,
  },
  {
    id: 'in-use',
    says: 'a disk that is attached and a network with machines or rules cannot be deleted',
    basis: 'documented',
    source: `${DOCS}/troubleshooting/troubleshooting-networks`,
  },
  { id: 'late-list', says: 'a new machine is missing in lists for a moment', basis: 'assumed' },
  {
    id: 'delete-while-creating',
    says: 'a delete waits for the create that goes on, and both operations end well',
    basis: 'assumed',
  },
  {
    id: 'stopped-address',
    says: 'an ephemeral address is lost while the machine is stopped',
    basis: 'documented',
    source: 'https://cloud.google.com/compute/docs/ip-addresses',
  },
  {
    id: 'one-address',
    says: 'the outer address is the inner one, for both must be reachable from this host',
    basis: 'assumed',
  },
]
