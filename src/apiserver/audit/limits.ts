/** How much is remembered of what was written. */
export const auditLimits = {
  /** Records in memory: some 300 bytes each, 10 MB when all are there. */
  recordsMax: 32_768,
  /** Names of users, programs and field managers that are held once. */
  stringsMax: 4_096,
  /** Records wait for others before they go to disk, but not longer than this, and not more of them. */
  batchMs: 200,
  batchRecordsMax: 1_000,
  /** On disk, twice: some ten thousand records each. */
  fileBytesMax: 8 * 1024 * 1024,
  /** The newest writes of an object that a story tells. */
  storyWritesMax: 500,
  /** Causes of one write, one behind the other, that a story tells. */
  storyDepthMax: 50,
} as const
