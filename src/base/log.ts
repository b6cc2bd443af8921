export type LogFields = Record<string, unknown>

/** Structured log: a constant sentence plus fields. The program decides where lines go (`cmd/` uses pino); tests may keep them. */
export interface Logger {
  debug(sentence: string, fields?: LogFields): void
  info(sentence: string, fields?: LogFields): void
  warn(sentence: string, fields?: LogFields): void
  error(sentence: string, fields?: LogFields): void
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger
}

/** Drops everything. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLogger }
