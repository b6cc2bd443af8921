import { Signal } from '../gen/runtime.gen.ts'

/** Numbers of Linux. */
const numbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGWINCH: 28,
}
const names = new Map(Object.entries(Signal).map(([name, value]) => [value as number, name]))

/** The exit code that a shell shows for a program which the signal ended. */
export function exitCodeOfSignal(name: string): number {
  return 128 + (numbers[name] ?? 15)
}

/** The signal that asks a container to stop. */
export function stopSignalName(signal: number): string {
  return signal === Signal.RUNTIME_DEFAULT ? 'SIGTERM' : (names.get(signal) ?? 'SIGTERM')
}
