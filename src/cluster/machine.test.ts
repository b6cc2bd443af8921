import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePort, isPortFree, reservePort } from './machine.ts'

test('a reserved port is taken for everybody else until it is given back', async () => {
  const reserved = await reservePort(0)
  assert.equal(await isPortFree(reserved.port), false)
  assert.notEqual(await freePort(reserved.port), reserved.port)
  await reserved[Symbol.asyncDispose]()
  assert.equal(await isPortFree(reserved.port), true)
  assert.equal(await freePort(reserved.port), reserved.port)
})

test('of two who want the same port one gets another', async () => {
  const wanted = await freePort(0)
  const [one, two] = await Promise.all([reservePort(wanted), reservePort(wanted)])
  await using _one = one
  await using _two = two
  assert.notEqual(one.port, two.port)
  assert.equal([one.port, two.port].includes(wanted), true)
})
