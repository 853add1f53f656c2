import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron'
import { bridgeChannels, type Bridge } from '../contract/bridge'

/** Two functions with fixed channels: the page can't name a channel, and never sees Electron's event objects. */
const bridge: Bridge = {
  send: (message) => ipcRenderer.send(bridgeChannels.toProgram, message),
  onMessage(listener) {
    const pass = (_event: IpcRendererEvent, message: unknown): void => listener(message)
    ipcRenderer.on(bridgeChannels.toWindow, pass)
    return () => void ipcRenderer.off(bridgeChannels.toWindow, pass)
  },
}

contextBridge.exposeInMainWorld('lupine', bridge)
