#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

enableCompileCache()

// A reader that has seen enough (`cox status | head`) is no failure.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
})
const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
