import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
/** In the order in which a reader comes to them. */
const pages = ['hand-over-and-query', 'fresh-enough-and-long', 'write-with-sql'].map((name) =>
  fileURLToPath(new URL(`../../docs/how-to/${name}.md`, import.meta.url)),
)

/** Every block of the pages that a reader is meant to type, in order. */
const blocks = () =>
  pages
    .flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)])
    .map(([, block]) => block)
    .join('\n')

test('every block of the how-tos does what the page says', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sluis-how-to-'))
  chmodSync(home, 0o711)
  const demo = spawn(process.execPath, [main], {
    env: { ...process.env, SLUIS_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const said = await new Promise<string>((resolve, reject) => {
      let output = ''
      demo.stdout.setEncoding('utf8').on('data', (chunk) => {
        output += chunk
        if (output.includes('Ctrl-C stops')) resolve(output)
      })
      demo.once('exit', () => reject(new Error(`the demo ended: ${output}`)))
    })
    // What the demo tells a reader to type: its ports are others when another demo has the usual ones.
    const exported = Object.fromEntries(
      ['SLUIS_URL', 'PLATFORM_URL', 'SLUIS_API_KEY_FILE'].map((name) => {
        const value = new RegExp(` ${name}=(\\S+)`).exec(said)?.[1]
        assert.ok(value, `the demo does not say ${name}:\n${said}`)
        return [name, value]
      }),
    )
    const settings = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...exported }
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', blocks()], {
      env: settings,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
    const [output, errors, [status]] = await Promise.all([
      text(shell.stdout),
      text(shell.stderr),
      once(shell, 'exit'),
    ])
    assert.equal(status, 0, `${errors}\n${output}`)
    assert.match(output, /"state":"active"/)
    assert.match(output, /"calls":\{"min":\d/)
    assert.match(output, /"apiCalls":\d/)
    assert.match(output, /Name,City\r?\n/)
    assert.match(output, /"name":"accounts","type":"BIGINT"/)
    assert.match(output, /"apiCalls":0/)
    assert.match(output, /"callsSaved":3/)
    assert.match(output, /"maxAgeSeconds":900/)
    assert.match(output, /waitingUntil/)
    assert.match(output, /"name":"lines","type":"BIGINT"/)
    assert.match(output, /"code":"HANDOVER_TOKEN_ALREADY_HELD"/)
    assert.match(output, /"requests":\["POST \/api\/v1\/\d+\/crm\/Accounts \{\\"Name\\":\\"Bakkerij Vos\\"/)
    assert.match(output, /\[1,"inserted","\d+","[0-9a-f-]{36}",null\]\s*,\[2,"inserted"/)
    assert.match(output, /\[\["\d+","Ede"\]\s*\]/)
    assert.match(output, /needs a value for Name/)
    assert.match(output, /Taken back: \[\[1,"deleted"/)
  } finally {
    if (demo.exitCode === null) {
      demo.kill('SIGTERM')
      await once(demo, 'exit')
    }
    rmSync(home, { recursive: true, force: true })
  }
})
