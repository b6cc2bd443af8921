#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

enableCompileCache()

// A reader that has seen enough (`cox status | head`) is no failure.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
})
const { main } = await import('./main.ts')
// Timers of a Clock do not keep the process alive; a command that waits for one has not ended all the same.
const alive = setInterval(() => {}, 2 ** 30)
try {
  process.exitCode = await main(process.argv.slice(2))
} finally {
  clearInterval(alive)
}
