/** A serial port of this computer. */
export interface SerialPortInfo {
  readonly path: string
  readonly manufacturer?: string
  readonly serialNumber?: string
  /** USB, hexadecimal. */
  readonly vendorId?: string
  readonly productId?: string
}

/** The ports, or why they cannot be told: a computer without serial ports, or without udev, is nothing wrong. */
export async function listSerialPorts(): Promise<{ ports: SerialPortInfo[]; note?: string }> {
  try {
    // Loaded late: its native part may be missing for a platform.
    const { SerialPort } = await import('serialport')
    // What the package types it as lies behind an `exports` without types, which makes it any.
    const ports = (await SerialPort.list()) as Partial<SerialPortInfo>[]
    return {
      ports: ports.map(({ path = '', manufacturer, serialNumber, vendorId, productId }) => ({
        path,
        ...(manufacturer && { manufacturer }),
        ...(serialNumber && { serialNumber }),
        ...(vendorId && { vendorId }),
        ...(productId && { productId }),
      })),
    }
  } catch (error) {
    const { code, message, path } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' && path ? `${path} is not installed` : message
    return { ports: [], note: `Serial ports cannot be listed: ${why}.` }
  }
}
