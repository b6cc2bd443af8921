/** A process with nothing but an API server (with controllers and scheduler) on disk, for `ServerProcess`. */
import { enableCompileCache } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ServerMessage, ServerRequest, ServerUsage } from './server-process.ts'

enableCompileCache()
const { startCluster } = await import('#cluster/index.ts')

const stallResolutionMs = 1
const [storageFolder] = process.argv.slice(2)
const cluster = await startCluster({ storage: { sqlite: storageFolder! } })
const delays = monitorEventLoopDelay({ resolution: stallResolutionMs })

process.on('message', (request: ServerRequest) => {
  switch (request) {
    case 'usage':
      tell({ type: 'usage', usage: usage() })
      return
    case 'watch-stalls':
      delays.enable()
      delays.reset()
      tell({ type: 'usage', usage: usage() })
      return
    case 'stop':
      process.off('disconnect', exit)
      stop().catch(error => {
        process.exitCode = 1
        console.error(error)
      })
  }
})
process.on('disconnect', exit)
tell({ type: 'ready', kubeconfig: cluster.kubeconfig })

async function stop(): Promise<void> {
  await cluster.stop()
  process.disconnect()
}

function usage(): ServerUsage {
  const all = process.cpuUsage()
  const main = process.threadCpuUsage()
  return {
    cpuMicroseconds: all.user + all.system,
    mainThreadMicroseconds: main.user + main.system,
    longestStallMs: Math.max(0, delays.max / 1e6 - stallResolutionMs),
  }
}

function tell(message: ServerMessage): void {
  process.send!(message)
}

function exit(): void {
  process.exit()
}
