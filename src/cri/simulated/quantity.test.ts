import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountOf } from './quantity.ts'

const amounts: [value: number | string, amount: number][] = [
  [0.5, 0.5],
  ['250m', 0.25],
  ['2', 2],
  ['1.5', 1.5],
  ['64Mi', 64 * 2 ** 20],
  ['1G', 1e9],
]

for (const [value, amount] of amounts) test(`${value} is ${amount}`, () => assert.equal(amountOf(value), amount))

for (const value of [-1, Number.NaN, '', '-1', '5 Mi', '5Xi', 'constructor'])
  test(`"${value}" is no amount`, () => assert.throws(() => amountOf(value), /is no amount/))
