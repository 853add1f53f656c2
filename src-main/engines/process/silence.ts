/**
 * Adds up how long an engine has been silent, in time its host was awake for. A laptop that slept, or a host that was
 * stopped itself (Ctrl-Z), comes back with hours on the clock in which no engine could have spoken: a look that comes
 * late counts as two ordinary ones, no more.
 */
export class Silence {
  private silent = 0
  private last: number

  /**
   * @param limit ms of silence after which an engine is given up
   * @param every ms between two looks
   * @param now ms on a clock that never goes back
   */
  constructor(
    private readonly limit: number,
    private readonly every: number,
    now: number,
  ) {
    this.last = now
  }

  /** The engine said something, or has only now been asked something. */
  heard(): void {
    this.silent = 0
  }

  /** To be called every `every` ms. @param owes whether it owes an answer @returns whether to give it up */
  look(now: number, owes: boolean): boolean {
    const passed = Math.min(now - this.last, 2 * this.every)
    this.last = now
    this.silent = owes ? this.silent + passed : 0
    return this.silent >= this.limit
  }
}
