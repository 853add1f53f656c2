import { fail } from '../../core/failure'
import { median } from '../../core/statistics/robust'
import { readProfile, readTimes, type TrtLayer, type TrtTimes } from './trtexec-output'
import {
  buildCommand,
  layerCommand,
  timeCommand,
  trtexecAbilities,
  trtexecVersion,
  type TrtexecAbilities,
  type TrtPrecision,
} from './trtexec-flags'

/** Where trtexec runs: starts it, and reads the files that it wrote. */
export interface TrtexecHost {
  run(options: readonly string[]): Promise<{ code: number; said: string }>
  read(path: string): Promise<string>
  /** Is there such a file already? */
  has(path: string): Promise<boolean>
}

export interface TrtMeasurement {
  /** Of TensorRT. The same command measures different things in different ones. */
  readonly version: string
  /** ms of GPU compute per inference, a list for each engine built: tactics vary between builds. */
  readonly builds: readonly (readonly number[])[]
  readonly warnings: readonly string[]
}

/** TensorRT's own benchmark. */
export class Trtexec {
  /** @param folder of engines and the timing cache, kept from one time to the next */
  constructor(
    private readonly host: TrtexecHost,
    private readonly folder: string,
    private readonly precision: TrtPrecision,
    private known?: Promise<{ version: string; can: TrtexecAbilities }>,
  ) {}

  /** @throws LupineError device 'trtexec-failed' */
  about(): Promise<{ version: string; can: TrtexecAbilities }> {
    return (this.known ??= this.ask())
  }

  private async ask() {
    const { said } = await this.host.run(['--help'])
    const version = trtexecVersion(said)
    return { version: version ?? 'unknown', can: trtexecAbilities(said, version) }
  }

  /**
   * Times a network by several engines of it, which are built once and kept.
   * @param name of the network, for its files: its hash @throws LupineError device 'trtexec-failed', 'runtime-output'
   */
  async measure(
    onnx: string,
    name: string,
    effort: { builds: number; seconds: number; rounds: number },
  ): Promise<TrtMeasurement> {
    const { version } = await this.about()
    const builds: (readonly number[])[] = []
    const warnings = new Set<string>()
    for (let build = 0; build < effort.builds; build++) {
      const { compute, warnings: said } = await this.time(onnx, name, { ...effort, build })
      builds.push(compute)
      for (const warning of said) warnings.add(warning)
    }
    return { version, builds, warnings: [...warnings] }
  }

  /** Times a network by one of its engines. @throws as measure */
  async time(
    onnx: string,
    name: string,
    { build, seconds, rounds }: { build: number; seconds: number; rounds: number },
  ): Promise<TrtTimes & { version: string }> {
    const { version, can } = await this.about()
    const engine = await this.engine(onnx, name, build)
    const times = `${this.folder}/times.json`
    await this.run('time', timeCommand(engine, times, seconds, rounds, can))
    return { ...readTimes(await this.host.read(times)), version }
  }

  /** Times of the layers of the first engine, in a run of its own. @throws as measure */
  async layers(onnx: string, name: string, seconds: number): Promise<TrtLayer[]> {
    const { can } = await this.about()
    const engine = await this.engine(onnx, name, 0)
    const profile = `${this.folder}/profile.json`
    await this.run('profile', layerCommand(engine, profile, `${this.folder}/layers.json`, seconds, can))
    return readProfile(await this.host.read(profile))
  }

  private async engine(onnx: string, name: string, build: number): Promise<string> {
    const { version, can } = await this.about()
    // An engine is of one version, one precision, one board.
    const engine = `${this.folder}/${name}-${version}-${this.precision}-${build}.plan`
    if (await this.host.has(engine)) return engine
    await this.run(
      'build',
      buildCommand({ onnx, engine, timingCache: `${this.folder}/timing-${version}.cache` }, this.precision, can),
    )
    return engine
  }

  private async run(what: string, options: readonly string[]): Promise<void> {
    const { code, said } = await this.host.run(options)
    if (code === 0) return
    const errors = said.split('\n').filter((line) => /\[E\]|error/i.test(line))
    throw fail(
      'device',
      'trtexec-failed',
      `trtexec could not ${what} the network (exit code ${code})${errors.length > 0 ? `: ${errors.slice(0, 2).join(' ').slice(0, 300)}` : ''}.`,
      'Run it by hand on the board with the same options; an operator may be missing, or memory.',
    )
  }
}

/** One figure of several builds: the median of their medians. */
export const typicalBuild = ({ builds }: TrtMeasurement): number => median(builds.map((samples) => median(samples)))
