/**
 * The field of that name, undefined also for what every object inherits: users may name labels, containers and keys of files
 * `constructor` or `toString`.
 */
export function ownField<T>(fields: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined
}
