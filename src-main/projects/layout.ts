import { join } from 'node:path'

/** Raised when a folder written by an older Lupine needs a migration. */
export const layoutVersion = 1

/** Of the files that say what taken plans cost; a plan's name has no dots. */
export const takenEnding = '.taken.json'

/** Where everything in a project folder lies. */
export const layout = (root: string) =>
  ({
    root,
    project: join(root, 'project.json'),
    lock: join(root, '.lock'),
    given: join(root, 'given.onnx'),
    original: join(root, 'original.onnx'),
    working: join(root, 'working.onnx'),
    importance: join(root, 'importance.json'),
    plan: join(root, 'plan.json'),
    model: join(root, 'model.onnx'),
    pruned: join(root, 'pruned.onnx'),
    table: join(root, 'latency-table.json'),
    /** What a method trains on its way, until the result stands. */
    method: join(root, 'method'),
    journal: join(root, 'journal.jsonl'),
    events: join(root, 'events.jsonl'),
    provenance: join(root, 'provenance.json'),
    /** Plans taken from the search: of each the plan, its network, and what it costs. */
    plans: join(root, 'plans'),
    taken: (name: string) => ({
      plan: join(root, 'plans', `${name}.json`),
      model: join(root, 'plans', `${name}.onnx`),
      figures: join(root, 'plans', `${name}${takenEnding}`),
    }),
    measurements: join(root, 'measurements'),
    checkpoints: join(root, 'checkpoints'),
    stages: join(root, 'stages'),
    stage: (name: string) => join(root, 'stages', `${name}.json`),
  }) as const

export type Layout = ReturnType<typeof layout>
