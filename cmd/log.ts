import pino from 'pino'
import type { LogFields, Logger } from '#base/log.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** JSON lines on standard error, which `up --detach` points at the cluster's log file. */
export function openLog({ level }: { level: LogLevel }): Logger {
  return wrap(pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true })))
}

function wrap(sink: pino.Logger): Logger {
  const write = (level: LogLevel) => (sentence: string, fields?: LogFields) => {
    // pino writes errors with their causes under the name `err`.
    const { error, ...rest } = fields ?? {}
    sink[level](error === undefined ? rest : { ...rest, err: error }, sentence)
  }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: fields => wrap(sink.child(fields)),
  }
}
