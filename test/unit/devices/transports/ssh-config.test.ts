import { describe, expect, it } from 'vitest'
import { sshSettings } from '../../../../src-main/devices/transports/ssh-config'

const config = `
# a comment
Host pi !pi.old *.lab
  HostName = 192.168.1.5
  Port 2222
  User pi
  IdentityFile ~/.ssh/pi_key
  IdentityFile "%d/keys/%r@%h"
  IdentitiesOnly yes
Match host somewhere
  User nobody
Host gate
  ProxyJump bastion
Host *
  User everyone
  Port 22
  IdentityAgent ~/agent.sock
`
const read = (host: string) => sshSettings(config, host, '/home/me')

describe('~/.ssh/config', () => {
  it('gives the first value of each key, and every identity', () => {
    expect(read('pi')).toEqual({
      ...{
        hostName: '192.168.1.5',
        port: 2222,
        user: 'pi',
        identitiesOnly: true,
        identityAgent: '/home/me/agent.sock',
      },
      identityFiles: ['/home/me/.ssh/pi_key', '/home/me/keys/pi@192.168.1.5'],
    })
  })

  it('knows patterns, and those that exclude', () => {
    expect(read('a.lab').port).toBe(2222)
    expect(read('xpi')).toMatchObject({ user: 'everyone', port: 22, identityFiles: [] })
    expect(sshSettings('Host *.lab !b.lab\n Port 5', 'b.lab').port).toBeUndefined()
    expect(sshSettings('Host b?\n Port 5', 'b1').port).toBe(5)
    expect(sshSettings('Host b.1\n Port 5', 'bx1').port).toBeUndefined()
  })

  it('tells of a way through another host, and takes "none" for none', () => {
    expect(read('gate').proxy).toBe('bastion')
    expect(sshSettings('ProxyJump none\nIdentityFile none', 'x')).toEqual({ identityFiles: [], identitiesOnly: false })
  })

  it('reads lines that are none as nothing', () => {
    expect(sshSettings('\u0000\nHost\nPort x\n=\nUser', 'x')).toEqual({ identityFiles: [], identitiesOnly: false })
  })
})
