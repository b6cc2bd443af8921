import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { LogStore } from './log-store.ts'

/**
 * Logs as files, where a container runtime would write them: whatever reads such logs can read these. No file is kept open, so thousands
 * of containers need no descriptors and a log that was moved away begins anew.
 */
export class FileLogStore implements LogStore {
  open(path: string): void {
    mkdirSync(dirname(path), { recursive: true })
    this.append(path, Buffer.alloc(0))
  }

  append(path: string, lines: Buffer): void {
    try {
      appendFileSync(path, lines, { mode: 0o640 })
    } catch {
      // As with a real runtime, lines that cannot be written are lost and the container goes on.
    }
  }

  /** The files stay: removing them is the kubelet's business. */
  release(): void {}
}
