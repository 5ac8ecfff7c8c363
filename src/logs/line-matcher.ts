import { ConfigError } from '../core/errors.ts'
import { parsePattern, type PatternNode, type Ranges } from './pattern.ts'

type Instruction =
  | { op: 'set'; ranges: Ranges }
  | { op: 'split'; to: number[] }
  | { op: 'start' | 'end' }
  | { op: 'accept'; rule: number }

interface State {
  /** Program counters of `set` and `end` instructions that are waiting for input. */
  waiting: readonly number[]
  next: Int32Array
  accepts: readonly number[]
  /** Accepted when the line ends here. */
  acceptsAtEnd: readonly number[]
}

const MAX_INSTRUCTIONS = 20_000
const MAX_STATES = 3000

/**
 * Matches many patterns against a line at once, in time linear in the length of the line whatever the line says.
 * A backtracking engine would let a guest that knows our rules stall the harness with one crafted line; an automaton cannot be stalled.
 */
export class LineMatcher {
  private readonly program: Instruction[] = []
  private readonly entries: number[] = []
  private readonly classOf = new Uint16Array(0x10000)
  private readonly classSample: number[]
  private states: State[] = []
  private byKey = new Map<string, number>()
  private first: number

  /** @throws ConfigError when a pattern is not a portable extended regular expression, or too large. */
  constructor(patterns: readonly string[]) {
    for (const [rule, pattern] of patterns.entries()) {
      this.entries.push(this.program.length)
      this.emit(parsePattern(pattern))
      this.program.push({ op: 'accept', rule })
    }
    this.classSample = this.classify()
    this.first = this.stateFor(this.follow(this.entries, true))
  }

  /** Indexes of the patterns that occur in `line`, ascending. */
  match(line: string): number[] {
    const found = new Set<number>()
    let current = this.first
    for (const rule of this.at(current).accepts) found.add(rule)
    for (let i = 0; i < line.length; i++) {
      const kind = this.classOf[line.charCodeAt(i)] ?? 0
      const state = this.at(current)
      let next = state.next[kind] ?? -1
      if (next < 0) next = this.advance(current, kind)
      current = next
      const accepts = this.at(current).accepts
      if (accepts.length > 0) for (const rule of accepts) found.add(rule)
    }
    for (const rule of this.at(current).acceptsAtEnd) found.add(rule)
    return [...found].sort((a, b) => a - b)
  }

  private at(index: number): State {
    const state = this.states[index]
    if (!state) throw new RangeError(`state ${index} does not exist`)
    return state
  }

  private advance(from: number, kind: number): number {
    if (this.states.length >= MAX_STATES) {
      const { waiting } = this.at(from)
      this.states = []
      this.byKey = new Map()
      this.first = this.stateFor(this.follow(this.entries, true))
      return this.stateFor(this.step(waiting, kind))
    }
    const to = this.stateFor(this.step(this.at(from).waiting, kind))
    this.at(from).next[kind] = to
    return to
  }

  private step(waiting: readonly number[], kind: number): Followed {
    const code = this.classSample[kind] ?? 0
    const targets: number[] = []
    for (const counter of waiting) {
      const instruction = this.program[counter]
      if (instruction?.op === 'set' && contains(instruction.ranges, code)) targets.push(counter + 1)
    }
    return this.follow([...targets, ...this.entries], false)
  }

  /** Everything reachable without reading a character. */
  private follow(counters: readonly number[], atStart: boolean, atEnd = false): Followed {
    const seen = new Set<number>()
    const waiting: number[] = []
    const accepts: number[] = []
    const stack = [...counters]
    for (let counter = stack.pop(); counter !== undefined; counter = stack.pop()) {
      if (seen.has(counter)) continue
      seen.add(counter)
      const instruction = this.program[counter]
      if (!instruction) continue
      if (instruction.op === 'accept') accepts.push(instruction.rule)
      else if (instruction.op === 'split') stack.push(...instruction.to)
      else if (instruction.op === 'start' ? atStart : instruction.op === 'end' && atEnd) stack.push(counter + 1)
      else if (instruction.op !== 'start') waiting.push(counter)
    }
    return { waiting: waiting.sort((a, b) => a - b), accepts, atStart }
  }

  private stateFor({ waiting, accepts, atStart }: Followed): number {
    const key = `${accepts.join()};${waiting.join()}`
    const known = this.byKey.get(key)
    if (known !== undefined) return known
    const ends = waiting.filter((counter) => this.program[counter]?.op === 'end')
    const state: State = {
      waiting,
      accepts,
      acceptsAtEnd: ends.length > 0 ? this.follow(ends, atStart, true).accepts : [],
      next: new Int32Array(this.classSample.length).fill(-1),
    }
    this.states.push(state)
    this.byKey.set(key, this.states.length - 1)
    return this.states.length - 1
  }

  private emit(node: PatternNode): void {
    if (this.program.length > MAX_INSTRUCTIONS) {
      throw new ConfigError('the patterns are too large', { hint: 'use smaller counts in braces' })
    }
    switch (node.kind) {
      case 'set':
        this.program.push({ op: 'set', ranges: node.ranges })
        return
      case 'start':
      case 'end':
        this.program.push({ op: node.kind })
        return
      case 'sequence':
        for (const part of node.nodes) this.emit(part)
        return
      case 'choice':
        return this.emitChoice(node.nodes)
      case 'repeat':
        return this.emitRepeat(node)
    }
  }

  private emitChoice(nodes: readonly PatternNode[]): void {
    const fork = this.split()
    const ends: number[][] = []
    for (const option of nodes) {
      fork.push(this.program.length)
      this.emit(option)
      ends.push(this.split())
    }
    for (const end of ends) end.push(this.program.length)
  }

  private emitRepeat({ node, min, max }: Extract<PatternNode, { kind: 'repeat' }>): void {
    for (let i = 0; i < min; i++) this.emit(node)
    if (max === Infinity) {
      const fork = this.split()
      const loop = this.program.length - 1
      fork.push(this.program.length)
      this.emit(node)
      this.split().push(loop)
      fork.push(this.program.length)
      return
    }
    const forks: number[][] = []
    for (let i = min; i < max; i++) {
      const fork = this.split()
      fork.push(this.program.length)
      forks.push(fork)
      this.emit(node)
    }
    for (const fork of forks) fork.push(this.program.length)
  }

  private split(): number[] {
    const to: number[] = []
    this.program.push({ op: 'split', to })
    return to
  }

  /** Groups the code units that no pattern tells apart; returns one member of each group. */
  private classify(): number[] {
    const starts = new Set([0])
    for (const instruction of this.program) {
      if (instruction.op !== 'set') continue
      for (let i = 0; i < instruction.ranges.length; i += 2) {
        starts.add(instruction.ranges[i] ?? 0)
        starts.add((instruction.ranges[i + 1] ?? 0) + 1)
      }
    }
    const samples = [...starts].filter((code) => code <= 0xffff).sort((a, b) => a - b)
    for (const [index, from] of samples.entries()) this.classOf.fill(index, from, samples[index + 1] ?? 0x10000)
    return samples
  }
}

interface Followed {
  waiting: number[]
  accepts: number[]
  atStart: boolean
}

function contains(ranges: Ranges, code: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (code >= (ranges[i] ?? 0) && code <= (ranges[i + 1] ?? 0)) return true
  }
  return false
}
