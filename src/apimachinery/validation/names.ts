/** Everything that says whether a name, an address or metadata is valid. */
export * from './formats.ts'
export * from './ip.ts'
export * from './object-meta.ts'
