import { isAlreadyExists, isNotFound, StatusError } from '#apimachinery/status/status.ts'

/** Creating in a namespace failed because it is gone or about to go: there is nothing left to do for it. */
export function isNamespaceGone(error: unknown): boolean {
  if (isNotFound(error)) return true
  return error instanceof StatusError && (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating')
}

/** Creates something that each namespace has; that it is there already, or that the namespace is gone, is as good. */
export async function createInNamespace(create: Promise<unknown>): Promise<void> {
  try {
    await create
  } catch (error) {
    if (!isAlreadyExists(error) && !isNamespaceGone(error)) throw error
  }
}
