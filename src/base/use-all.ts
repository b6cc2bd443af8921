type Started<Parts extends readonly Promise<unknown>[]> = { -readonly [Index in keyof Parts]: Awaited<Parts[Index]> }

/**
 * Waits for parts that start side by side. Those that have started are the stack's from then on, whatever became of the others.
 * @throws the first failure, by the order of the parts
 */
export async function useAll<const Parts extends readonly Promise<AsyncDisposable | Disposable>[]>(
  stack: AsyncDisposableStack,
  parts: Parts,
): Promise<Started<Parts>> {
  const outcomes = await Promise.allSettled(parts)
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') stack.use(outcome.value)
  return outcomes.map(outcome => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }) as Started<Parts>
}
