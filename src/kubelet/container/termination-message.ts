import type { ContainerStatus } from '#cri/gen/runtime.gen.ts'
import type { LogFiles } from '../logs/log-files.ts'
import type { HostFiles } from '../host/host-files.ts'
import { limits } from '../limits.ts'
import { readContainerAnnotations } from '../runtime/labels.ts'

/** What a container that ended left in its termination-log file or, when its policy says so, in its log. Undefined for nothing. */
export async function terminationMessageOf(status: ContainerStatus, files: HostFiles, logs: LogFiles): Promise<string | undefined> {
  const { terminationMessagePath, terminationMessagePolicy } = readContainerAnnotations(status.annotations)
  const mount = status.mounts.find(({ containerPath }) => containerPath === terminationMessagePath)
  if (terminationMessagePath !== '' && mount !== undefined) {
    const message = await files.readTail(mount.hostPath, limits.terminationMessageBytesMax)
    if (message !== undefined && message.length > 0) return message.toString()
  }
  if (terminationMessagePolicy !== 'FallbackToLogsOnError' || status.exitCode === 0) return undefined
  // A line of the log file carries its time and stream: twice the size holds enough text.
  const tail = await logs.readTail(status.logPath, 4 * limits.terminationMessageLogBytesMax)
  return tail === undefined ? undefined : lastLogText(tail.toString())
}

/** The text of the last lines of a CRI log, without times and tags. */
export function lastLogText(log: string): string | undefined {
  const lines = log.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const text = lines
    .slice(-limits.terminationMessageLogLinesMax)
    .map(line => /^\S+ (?:stdout|stderr) ([FP])(?: (.*))?$/.exec(line))
    .map(match => (match === null ? '' : (match[2] ?? '') + (match[1] === 'F' ? '\n' : '')))
    .join('')
  const bytes = Buffer.from(text)
  return text === '' ? undefined : bytes.subarray(Math.max(0, bytes.length - limits.terminationMessageLogBytesMax)).toString()
}
