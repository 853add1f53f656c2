/** Time left, from the pace so far: the rate over the last quarter of the work done, so that a change of pace shows. */
export class Pace {
  private readonly points: { time: number; done: number }[] = []

  /**
   * @param now ms
   * @returns seconds left; undefined while nothing can be told
   */
  update(done: number, total: number, now: number): number | undefined {
    this.points.push({ time: now, done })
    if (this.points.length > 400) this.points.splice(0, 100)
    const from = this.points.find((point) => point.done >= done * 0.75) ?? this.points[0]!
    const start = from.done === done ? this.points[0]! : from
    const rate = (done - start.done) / (now - start.time)
    return rate > 0 && Number.isFinite(rate) ? Math.max(0, Math.round((total - done) / rate / 1000)) : undefined
  }
}
