import { z } from 'zod'
import { parseFor } from '../parse-options.ts'

const kinds = z.enum(['auth', 'quota', 'capacity', 'throttled', 'not-found', 'conflict', 'unavailable', 'invalid'])

/** Something that goes wrong on purpose. */
const fault = z.discriminatedUnion('at', [
  z.strictObject({
    at: z.enum(['open', 'resolve', 'launch', 'snapshot', 'destroy', 'restart', 'list']),
    /** The provider answers with an error of this kind. */
    kind: kinds,
    times: z.int().positive().optional(),
    /** So many times it goes well first. Default 0. */
    after: z.int().nonnegative().optional(),
    /** Only for machines whose name matches this regular expression. */
    name: z.string().optional(),
  }),
  z.strictObject({
    at: z.literal('boot'),
    /**
     * `silence`: never answers and says nothing; `panic` and `emergency`: never answers, the console tells; `stopped`: powers off by itself;
     * `cloud-init-error`: boots, but cloud-init failed; `degraded`: boots with a failed unit.
     */
    how: z.enum(['silence', 'panic', 'emergency', 'stopped', 'cloud-init-error', 'degraded']),
    times: z.int().positive().optional(),
    /** So many times it goes well first. Default 0. */
    after: z.int().nonnegative().optional(),
    name: z.string().optional(),
  }),
  z.strictObject({
    at: z.literal('exec'),
    /** `lost`: the line breaks; `hang`: no answer until the deadline. */
    how: z.enum(['lost', 'hang']),
    times: z.int().positive().optional(),
    /** So many times it goes well first. Default 0. */
    after: z.int().nonnegative().optional(),
    name: z.string().optional(),
    /** Only commands that match this regular expression. */
    command: z.string().optional(),
  }),
])

/** A ready answer to a command, for programs the little shell does not have. */
const answer = z.strictObject({
  /** Regular expression over the whole command line. */
  command: z.string(),
  stdout: z.string().default(''),
  /** File with what it prints instead: for answers that many cells share. */
  stdoutFile: z.string().optional(),
  stderr: z.string().default(''),
  exitCode: z.int().default(0),
  delayMs: z.number().default(0),
})

/** What `platforms.fake.options` of a matrix takes. */
export const optionsSchema = z.strictObject({
  /** Sessions with the same world see the same machines. */
  world: z.string().default('default'),
  launchMs: z.number().nonnegative().default(5),
  bootMs: z.number().nonnegative().default(20),
  /** From answering to the end of cloud-init. */
  agentMs: z.number().nonnegative().default(20),
  destroyMs: z.number().nonnegative().default(5),
  images: z.array(z.string()).default(['debian-12', 'debian-13', 'debian-sid']),
  faults: z.array(fault).default([]),
  answers: z.array(answer).default([]),
  /** Folder that remembers what exists when this process is gone. Its machines can then be listed and removed, not used. */
  directory: z.string().optional(),
  /** Makes a ready machine for an unknown id in `attach`, for processes that cannot see the memory of the one that launched. */
  adopt: z.boolean().default(false),
})

export type Options = z.input<typeof optionsSchema>
export type Settings = z.output<typeof optionsSchema>
export type Fault = z.output<typeof fault>
export type Answer = z.output<typeof answer>

/** @throws ConfigError naming the wrong option */
export function readOptions(options: unknown): Settings {
  return parseFor('fake', 'option', optionsSchema, options)
}
