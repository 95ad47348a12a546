import '@mantine/core/styles.css'
import './app.css'
import './arrival.ts'
import { type CSSVariablesResolver, createTheme, MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiClient, ApiFault } from './api/api-client.ts'
import { cspNonce } from './csp-nonce.ts'
import { LanguageProvider } from './i18n/language.tsx'
import { createAppRouter } from './router.tsx'
import { SessionProvider } from './session.tsx'

const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: { light: 9, dark: 8 },
  defaultRadius: 'md',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif',
})
// What Mantine gives these by itself has too little contrast: WCAG 2.2, 1.4.3.
const contrast: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#495057',
    '--mantine-color-placeholder': '#5c636a',
    '--mantine-color-cyan-filled-hover': '#095c6b',
    '--mantine-primary-color-filled-hover': '#095c6b',
  },
  dark: {
    '--mantine-color-dimmed': '#b8b8b8',
    '--mantine-color-placeholder': '#a6a6a6',
    '--mantine-color-cyan-filled': '#0b7285',
    '--mantine-primary-color-filled': '#0b7285',
    '--mantine-color-cyan-filled-hover': '#095c6b',
    '--mantine-primary-color-filled-hover': '#095c6b',
  },
})
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the server refuses it refuses again; only silence is worth another try.
      retry: (count, error) => count < 2 && error instanceof ApiFault && error.problem.status === 0,
    },
  },
})
const root = document.getElementById('root')
if (root === null) throw new TypeError('index.html has no #root')

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      cssVariablesResolver={contrast}
      getStyleNonce={cspNonce}
    >
      <QueryClientProvider client={queries}>
        <LanguageProvider>
          <SessionProvider api={new ApiClient()}>
            <RouterProvider router={createAppRouter()} />
          </SessionProvider>
        </LanguageProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
