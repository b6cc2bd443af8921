import { type Storage, StorageError } from './storage.ts'

/** @throws StorageError Compacted, FutureRevision, when nobody can know what was true at `revision` */
export function checkRevision(storage: Pick<Storage, 'revision' | 'compactedRevision'>, revision: number): void {
  if (revision < storage.compactedRevision) {
    throw new StorageError('Compacted', `cannot read at revision ${revision}: compacted up to ${storage.compactedRevision}`)
  }
  if (revision > storage.revision) {
    throw new StorageError('FutureRevision', `cannot read at revision ${revision}: the newest is ${storage.revision}`)
  }
}
