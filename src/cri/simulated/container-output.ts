import type { Container } from './container.ts'
import { LogWriter } from './log-writer.ts'
import type { SimulatedNode } from './node.ts'
import { liveOf } from './program.ts'

/** What the program writes goes to the log and to whoever is attached. */
export function writeOutput(node: SimulatedNode, container: Container, stream: 'stdout' | 'stderr', data: string | Uint8Array): void {
  if (!container.isRunning) return
  const live = liveOf(container)
  const bytes = Buffer.from(data)
  for (const attached of live.attached ?? []) attached[stream]?.write(bytes)
  live.logs ??= { stdout: new LogWriter('stdout', () => node.timestamp()), stderr: new LogWriter('stderr', () => node.timestamp()) }
  append(node, container, live.logs[stream].write(bytes))
}

/** A line that has no end yet is all that there will be of it. */
export function endOutput(node: SimulatedNode, container: Container): void {
  const logs = container.live?.logs
  if (logs === undefined) return
  append(node, container, logs.stdout.end())
  append(node, container, logs.stderr.end())
}

function append(node: SimulatedNode, { logPath }: Container, lines: Buffer): void {
  if (lines.length > 0 && logPath !== '' && !node.diskFull) node.environment.logs.append(logPath, lines)
}
