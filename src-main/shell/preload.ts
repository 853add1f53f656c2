import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron'
import { bridgeChannels, type Bridge } from '../contract/bridge'

/** Functions with fixed channels: the page can't name a channel or a path, and never sees Electron's event objects. */
const bridge: Bridge = {
  send: (message) => ipcRenderer.send(bridgeChannels.toProgram, message),
  onMessage(listener) {
    const pass = (_event: IpcRendererEvent, message: unknown): void => listener(message)
    ipcRenderer.on(bridgeChannels.toWindow, pass)
    return () => void ipcRenderer.off(bridgeChannels.toWindow, pass)
  },
  // A File that a script made up has no path.
  take: (files) =>
    ipcRenderer.invoke(bridgeChannels.take, files.map((file) => webUtils.getPathForFile(file as File)).filter(Boolean)),
}

contextBridge.exposeInMainWorld('lupine', bridge)
