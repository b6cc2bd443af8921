import { newResourceExpired, newTimeout, StatusError } from '#apimachinery/status/status.ts'

/** @throws StatusError Timeout when the client has seen a newer state than there is */
export function checkNotFuture(minimum: number | undefined, current: number): void {
  if (minimum === undefined || minimum <= current) return
  const { status } = newTimeout(`Too large resource version: ${minimum}, current: ${current}`, 1)
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  throw new StatusError({ ...status, details: { ...status.details, causes } })
}

export function newExpiredList(): StatusError {
  return newResourceExpired('The resourceVersion for the provided list is too old.')
}

/** With a token to go on from the same place at the newest state. */
export function newExpiredContinue(freshToken: string): StatusError {
  const { status } = newResourceExpired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
      'deleted between the time the first chunk was returned and now may show up in the list.',
  )
  return new StatusError({ ...status, metadata: { ...status.metadata, continue: freshToken } })
}
