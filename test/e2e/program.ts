import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** `lupine serve`, the real one, in a process of its own. */
export class RealServer {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(args: readonly string[] = [], env: Record<string, string> = {}): Promise<RealServer> {
    const child = spawn(process.execPath, [join(root, 'scripts/lupine.mjs'), 'serve', '--json', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    for await (const text of child.stdout.setEncoding('utf8')) {
      output += String(text)
      if (output.includes('\n')) break
    }
    if (!output) throw new Error(`lupine serve ended with exit code ${child.exitCode} before it printed its address`)
    const { url } = JSON.parse(output) as { url: string }
    return new RealServer(url, child)
  }

  /** As Ctrl-C; resolves with the exit code, or the signal that it took. */
  async stop(): Promise<number | string | null> {
    if (this.child.exitCode !== null) return this.child.exitCode
    const ended = once(this.child, 'exit') as Promise<[number | null, string | null]>
    this.child.kill('SIGINT')
    const late = setTimeout(() => this.child.kill('SIGKILL'), 30_000)
    const [code, signal] = await ended
    clearTimeout(late)
    return code ?? signal
  }
}
