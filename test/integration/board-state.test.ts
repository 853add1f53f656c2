import { afterAll, expect, it } from 'vitest'
import { boardState } from '../../src-main/devices/agent/protocol'
import { BoardStates } from '../../src-main/program/board-states'
import { boardAt } from '../fixtures/board/device'
import { boardServer } from '../fixtures/board/ssh-server'
import { temporaryFolder } from '../fixtures/temporary'

const states = new BoardStates(undefined)
afterAll(() => states.close())

it('of this computer is told, of one that is made up nothing', async () => {
  const { state } = await states.look({ device: 'local' })
  expect(state?.load).toBeGreaterThanOrEqual(0)
  expect(state?.freeMemory).toBeGreaterThan(0)
  const { state: none, why } = await states.look({ device: 'synthetic:1' })
  expect([none, why]).toEqual([null, expect.stringMatching(/no board/)])
  await expect(states.look({ device: 'telnet:board' })).rejects.toMatchObject({ failure: { code: 'device-address' } })
})

it('of a board at the other end of ssh is asked, again and again', async () => {
  const server = await boardServer({ home: temporaryFolder('board-state') })
  const address = `ssh://pi@127.0.0.1:${server.port}?trust=new`
  const around = { home: temporaryFolder('board-state-host'), env: { LUPINE_PASSWORD: 'raspberry' } }
  const board = await boardAt(address, around)
  try {
    for (let i = 0; i < 2; i++) expect(boardState.safeParse(await board.state()).success).toBe(true)
  } finally {
    await board.close()
    await server.close()
  }
})
