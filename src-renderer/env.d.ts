/// <reference types="vite/client" />
import type { Bridge } from '../src-main/contract/bridge'

declare global {
  interface Window {
    /** Only in Electron's window; put there by the preload script. */
    readonly lupine?: Bridge
  }
}
