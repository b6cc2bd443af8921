/** A process that runs seeds: it is sent a run, and sends a report. Started by `workers.ts`. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
const { runSeed } = await import('./run-seed.ts')
const { startBase } = await import('./simulation.ts')
const starting = startBase()

process.on('message', (run: Parameters<typeof runSeed>[0]) => {
  const running = starting.then(base => runSeed(run, base))
  running.then(
    report => process.send?.(report),
    error => {
      throw error
    },
  )
})
process.on('disconnect', () => process.exit(0))
