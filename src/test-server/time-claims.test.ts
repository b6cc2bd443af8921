import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TimeClaims } from './time-claims.ts'

test('time claims: many move time, one lets it stand, never both', () => {
  const claims = new TimeClaims()
  const movers = [claims.claim('moves'), claims.claim('moves')]
  assert.throws(() => claims.claim('stands'), { code: 409, message: /another request moves time, or waits/ })
  for (const mover of movers) mover[Symbol.dispose]()
  const still = claims.claim('stands')
  for (const other of ['stands', 'moves'] as const)
    assert.throws(() => claims.claim(other), { code: 409, message: /being copied or set back/ })
  still[Symbol.dispose]()
  claims.claim('moves')[Symbol.dispose]()
})
