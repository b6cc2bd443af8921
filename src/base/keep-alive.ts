/**
 * Keeps the process from ending while work goes on whose only pending thing is a Clock's timer (those do not keep it alive).
 * @example
 * using _ = keepAlive()
 * await clock.sleep(retryMs, signal)
 */
export function keepAlive(): Disposable {
  const { port1 } = new MessageChannel()
  // A port that listens is an open handle.
  port1.on('message', () => undefined)
  return { [Symbol.dispose]: () => port1.close() }
}
