import './zod-without-eval'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { createBridgeTransport } from './client/bridge'
import { createClient } from './client/client'
import { webSocketOfThisPage } from './client/websocket'
import { provideClient } from './stores/client'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'

// The key is in a cookie by now; in the address it would end up in bookmarks and screenshots.
if (window.location.search) window.history.replaceState(null, '', window.location.pathname + window.location.hash)

const transport = window.lupine ? createBridgeTransport(window.lupine) : webSocketOfThisPage()
provideClient(createApp(App), createClient(transport)).use(createPinia()).mount('#app')
