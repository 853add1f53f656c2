import { deflateSync } from 'node:zlib'
import type { z } from 'zod'
import { fail } from '../../core/failure'
import type { Connection, Transport } from '../transports/transport'
import { DeltaBase } from './delta'
import { judgeBoard } from './judge'
import { runtimeLibrary, type RuntimeLibrary } from './library'
import { AgentRefusal, type AgentLink } from './link'
import { boardFacts, boardState, kept, nothing, sizes, verified, type BoardFacts, type BoardState } from './protocol'
import { libraryAbsent, noTrtexec, refused } from './refusals'
import { agentSource, sendFile, startAgent, type AgentSource } from './start'

export interface SessionOptions {
  /** Path of lupine_agent.py. */
  readonly agent: string
  /** The board's own onnxruntime, whatever Lupine could bring; or its TensorRT. */
  readonly runtime?: 'own' | 'tensorrt' | undefined
  readonly note?: (level: 'info' | 'warning', text: string) => void
}

/** Files for the board, by their SHA-256. */
export type BoardFiles = ReadonlyMap<string, Uint8Array>

/** Sent within requests; what is larger goes by a stream of its own, where the line has several. */
const inline = 1 << 20
/** Bytes of one request. */
const block = 32 << 10
/** Networks of one request. */
const batch = 32

/** ms between words to an agent that has nothing to do; it ends by itself after five minutes of silence. */
const pulse = 20_000

/** A board that is connected, judged fit, and has the runtime. */
export class BoardSession {
  private readonly pulse: NodeJS.Timeout
  /** Files known to be on the board. */
  private readonly there = new Set<string>()

  private constructor(
    private readonly connection: Connection,
    private readonly link: AgentLink,
    private readonly source: AgentSource,
    private readonly place: string,
    readonly facts: BoardFacts,
    private brought: RuntimeLibrary | undefined,
  ) {
    this.pulse = setInterval(() => void link.request('ping', {}, nothing).catch(() => undefined), pulse)
    this.pulse.unref()
  }

  /** @throws LupineError kind 'device': of the connection, of the agent, or the board cannot run onnxruntime */
  static async open(transport: Transport, options: SessionOptions, signal?: AbortSignal): Promise<BoardSession> {
    const { place } = transport
    const source = await agentSource(options.agent)
    const connection = await transport.connect(signal)
    try {
      const link = await startAgent(connection, source, place)
      const facts = await link.request('probe', {}, boardFacts).catch((error: unknown) => {
        throw error instanceof AgentRefusal ? refused(place, error.refusal) : error
      })
      if (options.runtime === 'tensorrt') {
        if (!facts.runtimes['trtexec']) throw noTrtexec(place)
        return new BoardSession(connection, link, source, place, facts, undefined)
      }
      const verdict = judgeBoard(facts, options.runtime)
      if (!verdict.runs)
        throw fail('device', verdict.code, `${place} cannot run onnxruntime: ${verdict.why}.`, verdict.hint)
      for (const warning of verdict.warnings) options.note?.('warning', `${place}: ${warning}.`)
      const { library: which } = verdict
      const brought = which === 'own' ? undefined : await runtimeLibrary(which)
      const session = new BoardSession(connection, link, source, place, facts, brought)
      if (brought) await session.ensureLibrary(brought, options.note)
      return session
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** Of onnxruntime: of the library that was brought, or of the board's own. */
  get version(): string {
    return this.brought?.version ?? `${this.facts.own!.version} of the board`
  }

  /**
   * Has the agent's worker do something with models, which are sent first where they are missing.
   * @throws LupineError
   */
  async work<S extends z.ZodType>(
    method: 'measure' | 'layers' | 'forward' | 'tool',
    params: { readonly models: readonly string[] } & Record<string, unknown>,
    files: BoardFiles,
    schema: S,
    signal?: AbortSignal,
    onProgress: (progress: Record<string, unknown>) => void = () => undefined,
  ): Promise<z.infer<S>> {
    for (let again = 0; ; again++) {
      await this.ensure(files)
      const { brought } = this
      const library = brought ? { sha256: brought.sha256, size: brought.size } : { path: this.facts.own?.path }
      try {
        return await this.link.request(method, { ...params, library }, schema, {
          // The agent gives a sign of life every five seconds; a network may take long to load.
          ...{ silence: 45_000, limit: 600_000, signal, onProgress },
        })
      } catch (error) {
        if (!(error instanceof AgentRefusal)) throw error
        if (again >= 2 || !(await this.mended(error.refusal.code))) throw refused(this.place, error.refusal)
      }
    }
  }

  /** Clocks, temperatures and throttling at this moment. @throws LupineError */
  state(): Promise<BoardState> {
    return this.link.request('state', {}, boardState)
  }

  /** Which files of a runtime's own program are on the board, by name. @throws LupineError */
  async kept(names: readonly string[]): Promise<boolean[]> {
    return (await this.link.request('kept', { names }, kept)).kept
  }

  close(): void | Promise<void> {
    clearInterval(this.pulse)
    this.link.end(fail('device', 'device-closed', `The connection to ${this.place} was closed.`, 'Connect again.'))
    return this.connection.close()
  }

  /** Files that were lost, or damaged, on the board are sent again. */
  private async mended(code: string): Promise<boolean> {
    if (['file-missing', 'library-damaged', 'library-unusable', 'worker-died'].includes(code)) {
      this.there.clear()
      if (!this.brought) return code === 'file-missing'
      const { good } = await this.link.request('verify', { sha256: this.brought.sha256 }, verified)
      if (!good) await this.ensureLibrary(this.brought)
      return !good || code === 'file-missing'
    }
    return false
  }

  private async ensureLibrary(library: RuntimeLibrary, note?: SessionOptions['note']): Promise<void> {
    const { path, sha256, size } = library
    const there = await this.link.request('have', { files: [sha256] }, sizes)
    if (there.sizes[0] === size) return
    if (this.connection.single) {
      const { own } = this.facts
      if (!own) throw libraryAbsent(this.place, size)
      note?.('info', `${this.place}: its own onnxruntime ${own.version} is used; another is too much for the line.`)
      this.brought = undefined
      return
    }
    note?.('info', `Copying onnxruntime ${library.version} to ${this.place} (${Math.round(size / 1e6)} MB), once.`)
    await sendFile(this.connection, this.source, { content: path, sha256, size }, this.place)
  }

  private async ensure(files: BoardFiles): Promise<void> {
    const names = [...files.keys()].filter((sha256) => !this.there.has(sha256))
    if (names.length === 0) return
    const { sizes: found } = await this.link.request('have', { files: names }, sizes)
    const missing = names.filter((sha256, i) => found[i] !== files.get(sha256)!.byteLength)
    // Networks of one session differ in their widths: the first travels whole, the others as what sets them apart.
    const [first] = files.keys()
    if (missing.includes(first!)) await this.send(first!, files.get(first!)!)
    const others = missing.filter((sha256) => sha256 !== first)
    const small = others.filter(
      (sha256) => Math.max(files.get(sha256)!.byteLength, files.get(first!)!.byteLength) <= inline,
    )
    for (const sha256 of others) if (!small.includes(sha256)) await this.send(sha256, files.get(sha256)!)
    if (small.length > 0) {
      const base = new DeltaBase(files.get(first!)!)
      for (let from = 0; from < small.length; from += batch)
        await this.patch(first!, base, small.slice(from, from + batch), files)
    }
    for (const sha256 of names) this.there.add(sha256)
  }

  private async patch(first: string, base: DeltaBase, wanted: readonly string[], files: BoardFiles): Promise<void> {
    const deltas = wanted.map((sha256) => base.to(files.get(sha256)!))
    const list = wanted.map((sha256, i) => ({ sha256, length: deltas[i]!.length }))
    await this.give('patch', { base: first, files: list }, Buffer.concat(deltas))
  }

  private async send(sha256: string, content: Uint8Array): Promise<void> {
    const size = content.byteLength
    if (size > inline && !this.connection.single)
      return sendFile(this.connection, this.source, { content, sha256, size }, this.place)
    if (size <= block) return this.give('put', { sha256 }, content)
    for (let offset = 0; offset < size; offset += block)
      await this.give('part', { sha256, size, offset }, content.subarray(offset, offset + block))
  }

  private async give(method: 'put' | 'patch' | 'part', params: object, content: Uint8Array): Promise<void> {
    const data = deflateSync(content).toString('base64')
    for (let again = 0; ; again++) {
      try {
        await this.link.request(method, { ...params, data }, nothing)
        return
      } catch (error) {
        if (!(error instanceof AgentRefusal)) throw error
        if (error.refusal.code !== 'corrupt' || again >= 3) throw refused(this.place, error.refusal)
      }
    }
  }
}
