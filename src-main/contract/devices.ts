import { z } from 'zod'
import { deviceAddress, precisionName } from './options'

const saved = z.object({ name: z.string(), address: z.string(), lastUsed: z.string().describe('ISO 8601') })

const gpu = z.object({ name: z.string(), driver: z.string(), capability: z.string() })

export const devicesList = {
  request: z.object({}),
  result: z.object({
    saved: z.array(saved).describe('boards used before, the last one first'),
    serialPorts: z.array(
      z.object({
        path: z.string(),
        manufacturer: z.string().optional(),
        serialNumber: z.string().optional(),
        vendorId: z.string().optional(),
        productId: z.string().optional(),
      }),
    ),
    local: z
      .object({
        address: z.literal('local'),
        cpu: z.string(),
        arch: z.string(),
        cores: z.object({ all: z.number(), usable: z.number() }),
        memory: z.object({ total: z.number(), free: z.number() }).describe('bytes'),
        os: z.string(),
        governor: z.string().optional(),
      })
      .describe('this computer'),
    tensorflow: z.object({
      ready: z.boolean(),
      version: z.string().nullable(),
      device: z.enum(['cuda', 'cpu']).nullable(),
      precision: precisionName.nullable().describe('what it trains in unless told otherwise'),
      why: z.string().describe('why this device and not the other, or why none'),
      hint: z.string().describe("'' where there is nothing to mend"),
      source: z.string().nullable().describe('what it was set up from: pip, files or package'),
      gpus: z.array(gpu).describe('as nvidia-smi names them'),
    }),
    notes: z.array(z.string()),
  }),
}

export const devicesForget = {
  request: z.object({ name: z.string().min(1) }),
  result: z.object({
    forgot: saved,
    saved: z.array(saved),
    cleaned: z.boolean().describe('whether the board was reached, and what had been copied there removed'),
    notes: z.array(z.string()),
  }),
}

/** What a board does at this moment, while nothing is measured on it. */
export const devicesState = {
  request: z.object({ device: deviceAddress }),
  result: z.object({
    state: z
      .object({
        clocks: z.array(z.number()).describe('MHz, of each group of cores'),
        temperatures: z.array(z.number()).describe('°C'),
        governor: z.string().optional(),
        load: z.number().optional(),
        freeMemory: z.number().optional().describe('bytes'),
        throttled: z.boolean().optional().describe('where the board tells'),
      })
      .nullable(),
    why: z.string().optional().describe('why there is none'),
  }),
}
