/** The measuring half of `npm run bench:board`: argv FACTS of the board as JSON; prints one JSON object. */
import { join } from 'node:path'
import { createResnet } from '../../src-main/core/graph/architectures'
import { createSubject, pruneSubject } from '../../src-main/core/pruning/subject'
import { median } from '../../src-main/core/statistics/robust'
import { parseDevice } from '../../src-main/devices/address'
import { BoardDevice } from '../../src-main/devices/board'
import type { RawMeasurement } from '../../src-main/devices/device'
import { SerialTransport, type SerialAddress } from '../../src-main/devices/transports/serial/serial'
import { SshTransport, type SshAddress } from '../../src-main/devices/transports/ssh'
import { saveOnnx } from '../../src-main/formats/onnx/files'

const facts = JSON.parse(process.argv[2]!) as Record<string, string> & { points: number }
const { port, key, serial, baud, user, password, agent, folder } = facts
const around = {
  env: { LUPINE_PASSWORD: password },
  home: folder!,
  knownHosts: join(folder!, 'known-hosts.json'),
  ask: () => Promise.resolve(undefined),
}
const addresses = {
  ssh: `ssh://${user}@127.0.0.1:${port}?trust=new&key=${key}`,
  serial: `serial:${serial}?baud=${baud}&user=${user}`,
}
const board = async (line: keyof typeof addresses): Promise<BoardDevice> => {
  const parsed = parseDevice(addresses[line])
  const transport =
    line === 'ssh'
      ? await SshTransport.create(parsed as SshAddress, around.ask, around)
      : new SerialTransport(parsed as SerialAddress, around)
  return new BoardDevice(addresses[line], transport, { agent: agent!, threads: 1 })
}

// ResNet-20 at some widths of one of its groups, as `staircase` measures them.
const subject = createSubject(createResnet(20, 10, [3, 32, 32], 1))
const group = subject.dimensions.at(-1)!
const files: string[] = []
for (let i = 0; i <= facts.points; i++) {
  files.push(join(folder!, `${i}.onnx`))
  const kept = Math.max(1, Math.round(group.channels * (1 - i / (facts.points + 1))))
  await saveOnnx(files[i]!, pruneSubject(subject, i === 0 ? {} : { [group.id]: kept }))
}
const shape = [1, 3, 32, 32]
const once = { processes: 1, rounds: 1, slice: 0, seed: 1 }
const effort = { processes: 2, rounds: 6, slice: 1, seed: 1 }
const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
const medians = ({ processes }: RawMeasurement): number[] =>
  files.map((_, i) => median(processes.flatMap(({ samples }) => [...samples[i]!])))
const against = (a: RawMeasurement, b: RawMeasurement): number =>
  median(medians(a).map((value, i) => value / medians(b)[i]!))

async function measure(line: keyof typeof addresses) {
  const first = await board(line)
  const connect = await seconds(() => first.measure([files[0]!], shape, once))
  await first.close()
  const whole = await board(line)
  let raw: RawMeasurement | undefined
  const wall = await seconds(async () => (raw = await whole.measure(files, shape, effort)))
  await whole.close()
  // Processes that were disturbed measured too, and are left out of the result: taken to be as long as the others.
  const all = 1 + raw!.discarded / raw!.processes.length
  const spent = (of: 'loading' | 'measuring'): number =>
    (all * raw!.processes.reduce((sum, process) => sum + (process.seconds?.[of] ?? 0), 0)) / wall
  const share = spent('measuring') + spent('loading')
  return { connect, wall, discarded: raw!.discarded, loading: spent('loading'), share, raw: raw! }
}

// Caches warm: agent, library and models are there.
const warm = await board('ssh')
await warm.measure(files, shape, once)
await warm.close()
const ssh = await measure('ssh')
const onSerial = await measure('serial')
const again = await measure('ssh')
const figures = ({ raw: _, ...rest }: typeof ssh) => rest
console.log(
  JSON.stringify({
    lines: { ssh: figures(ssh), serial: figures(onSerial) },
    agreement: against(onSerial.raw, ssh.raw),
    noise: against(again.raw, ssh.raw),
    // Kilobytes on Linux.
    memory: process.resourceUsage().maxRSS * 1024,
  }),
)
process.exit(0)
