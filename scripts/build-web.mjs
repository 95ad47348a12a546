// Builds the web application into packages/web/dist. Plain JavaScript without imports of ours: it runs as the last
// step of `npm ci`, on whatever Node is there.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages', 'web')
const vite = await import('vite').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  return null
})
if (vite === null) {
  process.stdout.write(
    'The web application is not built: the packages for development are left out of this installation.\n',
  )
} else {
  await vite.build({
    root,
    configFile: false,
    base: '/app/',
    logLevel: 'warn',
    build: {
      outDir: 'dist',
      manifest: true,
      // The security policy allows scripts of our own address only: nothing is inlined.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2023',
      chunkSizeWarningLimit: 800,
      rolldownOptions: {
        // "use client" means nothing in a bundle for browsers.
        onwarn: (warning, tell) => {
          if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') tell(warning)
        },
      },
    },
  })
}
