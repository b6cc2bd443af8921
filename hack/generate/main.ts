/** Runs every generator. `npm run generate` must leave no difference in git. */
await import('./api.ts')
await import('./cri.ts')
await import('./pause.ts')
