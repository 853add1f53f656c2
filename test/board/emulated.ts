import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const script = join(import.meta.dirname, '../../../shared/board/board.sh')
const run = promisify(execFile)

/** Why there is no emulated board here; undefined where there can be one. */
export function noBoard(): string | undefined {
  if (!existsSync(script)) return 'the emulated board does not lie beside this checkout (../shared/board)'
  const missing = ['qemu-system-aarch64', 'socat'].filter((tool) => spawnSync(tool, ['-h']).error)
  return missing.length > 0 ? `${missing.join(' and ')} not installed (Debian: qemu-system-arm, socat)` : undefined
}

/** A board of its own name, in QEMU; every start is a fresh one. */
export class EmulatedBoard {
  port = 0
  key = ''
  /** Path of its serial port. */
  serial = ''

  constructor(private readonly name: string) {}

  /** @param port the one it had before, for a board that comes back */
  async up(port = 0): Promise<void> {
    // A busy computer boots it in more than the minute that the script allows: it is up all the same.
    const env = { ...process.env, BOARD_PORT: `${port}` }
    await run(script, ['up', this.name], { env }).catch(() => undefined)
    const end = Date.now() + 120_000
    for (;;) {
      const facts = await run(script, ['facts', this.name])
      const read = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(facts.stdout)?.[1] ?? ''
      this.port = Number(read('port'))
      this.key = read('key')
      this.serial = read('serial')
      const alive = await this.ssh('true').then(
        () => true,
        () => false,
      )
      if (alive) return
      if (Date.now() > end) throw new Error(`The emulated board ${this.name} does not come up.`)
    }
  }

  async ssh(command: string): Promise<string> {
    return (await run(script, ['ssh', this.name, command], { timeout: 60_000 })).stdout.trim()
  }

  /** Of its ed25519 key, as ssh shows it. */
  async fingerprint(): Promise<string> {
    const { stdout } = await run(script, ['facts', this.name])
    const key = Buffer.from(/^hostkey=(.*)$/m.exec(stdout)![1]!, 'base64')
    return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
  }

  /** Its power is cut. */
  async kill(): Promise<void> {
    const { stdout } = await run(script, ['facts', this.name])
    process.kill(Number(/^pid=(\d+)$/m.exec(stdout)![1]), 'SIGKILL')
    await this.down()
  }

  pause = () => run(script, ['pause', this.name])
  resume = () => run(script, ['resume', this.name])
  down = () => run(script, ['down', this.name])
}
