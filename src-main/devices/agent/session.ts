import type { z } from 'zod'
import { fail } from '../../core/failure'
import type { Connection, Transport } from '../transports/transport'
import { judgeBoard } from './judge'
import { runtimeLibrary, type RuntimeLibrary } from './library'
import { AgentRefusal, type AgentLink } from './link'
import { boardFacts, nothing, sizes, verified, type BoardFacts } from './protocol'
import { refused } from './refusals'
import { agentSource, sendFile, startAgent, type AgentSource } from './start'

export interface SessionOptions {
  /** Path of lupine_agent.py. */
  readonly agent: string
  readonly note?: (level: 'info' | 'warning', text: string) => void
}

/** Files for the board, by their SHA-256. */
export type BoardFiles = ReadonlyMap<string, Uint8Array>

/** Sent within a request; what is larger goes by a stream of its own. */
const inline = 1 << 20

/** ms between words to an agent that has nothing to do; it ends by itself after five minutes of silence. */
const pulse = 20_000

/** A board that is connected, judged fit, and has the runtime. */
export class BoardSession {
  private readonly pulse: NodeJS.Timeout

  private constructor(
    private readonly connection: Connection,
    private readonly link: AgentLink,
    private readonly source: AgentSource,
    private readonly place: string,
    readonly facts: BoardFacts,
    readonly library: RuntimeLibrary,
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
      const verdict = judgeBoard(facts)
      if (!verdict.runs)
        throw fail('device', verdict.code, `${place} cannot run onnxruntime: ${verdict.why}.`, verdict.hint)
      for (const warning of verdict.warnings) options.note?.('warning', `${place}: ${warning}.`)
      const library = await runtimeLibrary(verdict.library)
      const session = new BoardSession(connection, link, source, place, facts, library)
      await session.ensureLibrary(options.note)
      return session
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /**
   * Has the agent's worker do something with models, which are sent first where they are missing.
   * @throws LupineError
   */
  async work<S extends z.ZodType>(
    method: 'measure' | 'layers',
    params: { readonly models: readonly string[] } & Record<string, unknown>,
    files: BoardFiles,
    schema: S,
    signal?: AbortSignal,
    onProgress: (progress: Record<string, unknown>) => void = () => undefined,
  ): Promise<z.infer<S>> {
    const { sha256, size } = this.library
    for (let again = 0; ; again++) {
      await this.ensure(files)
      try {
        return await this.link.request(method, { ...params, library: { sha256, size } }, schema, {
          // The agent gives a sign of life every five seconds; a network may take long to load.
          ...{ silence: 45_000, limit: 600_000, signal, onProgress },
        })
      } catch (error) {
        if (!(error instanceof AgentRefusal)) throw error
        if (again >= 2 || !(await this.mended(error.refusal.code))) throw refused(this.place, error.refusal)
      }
    }
  }

  close(): void {
    clearInterval(this.pulse)
    this.link.end(fail('device', 'device-closed', `The connection to ${this.place} was closed.`, 'Connect again.'))
    this.connection.close()
  }

  /** Files that were lost, or damaged, on the board are sent again. */
  private async mended(code: string): Promise<boolean> {
    if (['file-missing', 'library-damaged', 'library-unusable', 'worker-died'].includes(code)) {
      const { good } = await this.link.request('verify', { sha256: this.library.sha256 }, verified)
      if (!good) await this.ensureLibrary()
      return !good || code === 'file-missing'
    }
    return false
  }

  private async ensureLibrary(note?: SessionOptions['note']): Promise<void> {
    const { path, sha256, size } = this.library
    const there = await this.link.request('have', { files: [sha256] }, sizes)
    if (there.sizes[0] === size) return
    note?.('info', `Copying onnxruntime ${this.library.version} to ${this.place} (${Math.round(size / 1e6)} MB), once.`)
    await sendFile(this.connection, this.source, { content: path, sha256, size }, this.place)
  }

  private async ensure(files: BoardFiles): Promise<void> {
    const names = [...files.keys()]
    const there = await this.link.request('have', { files: names }, sizes)
    for (const [i, sha256] of names.entries()) {
      const content = files.get(sha256)!
      if (there.sizes[i] === content.byteLength) continue
      if (content.byteLength > inline) {
        await sendFile(this.connection, this.source, { content, sha256, size: content.byteLength }, this.place)
        continue
      }
      await this.put(sha256, content)
    }
  }

  private async put(sha256: string, content: Uint8Array): Promise<void> {
    const data = Buffer.from(content).toString('base64')
    for (let again = 0; ; again++) {
      try {
        await this.link.request('put', { sha256, data }, nothing)
        return
      } catch (error) {
        if (!(error instanceof AgentRefusal)) throw error
        // A line that lost or changed bytes shows in the checksum.
        if (error.refusal.code !== 'corrupt' || again >= 3) throw refused(this.place, error.refusal)
      }
    }
  }
}
