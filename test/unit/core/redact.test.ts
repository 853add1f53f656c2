import { describe, expect, it } from 'vitest'
import { Redactor } from '../../../src-main/core/redact'

const redactor = () =>
  new Redactor({ users: ['ada'], hosts: ['babbage', 'kitchen-pi'], files: ['/home/ada/acme/secret net.onnx'] })

describe('what is shown to others', () => {
  it.each([
    ['ssh://pi@kitchen-pi:22?key=/home/ada/.ssh/id_rsa', 'ssh://user-1@host-1:22?key=file-1'],
    ['fe80::1 at 17:15:31', 'host-1 at 17:15:31'],
    ['Password of pi@192.168.1.7: ', 'Password of user-1@host-1: '],
    ['There is no file /home/ada/acme/secret net.onnx.', 'There is no file file-1.onnx.'],
    ['C:\\Users\\Ada\\nets\\net.onnx failed', 'file-1.onnx failed'],
    ['~/models/x.onnx and ~/models/x.onnx', 'file-1.onnx and file-1.onnx'],
    ['Ada on BABBAGE ran it; adamant', 'user-1 on host-1 ran it; adamant'],
    ['board.local, fe80:1:2:3:4::1, aa:bb:cc:dd:ee:ff', 'host-2, host-1, device-1'],
    ['http://127.0.0.1:4000 and localhost', 'http://127.0.0.1:4000 and localhost'],
    ['layer1.0.conv1 took 3.41 ms, 1/2 of 24, opset 13.0', 'layer1.0.conv1 took 3.41 ms, 1/2 of 24, opset 13.0'],
    ['/dev/ttyUSB0 is not there', '/dev/ttyUSB0 is not there'],
    ['2026-11-21T17:15:31.901Z v20.20.2', '2026-11-21T17:15:31.901Z v20.20.2'],
  ])('%s', (text, shown) => expect(redactor().text(text)).toBe(shown))

  it('has the same word for the same name, within a value too', () => {
    const redacted = redactor().value({
      babbage: ['kitchen-pi', 3, null],
      log: [{ text: 'from babbage to ada@babbage' }],
    })
    expect(redacted).toEqual({ 'host-1': ['host-2', 3, null], log: [{ text: 'from host-1 to user-1@host-1' }] })
  })

  it('stays what it is when it is done again', () => {
    const once = redactor().text('ssh://pi@kitchen-pi /home/ada/net.onnx')
    expect(redactor().text(once)).toBe(once)
  })
})
