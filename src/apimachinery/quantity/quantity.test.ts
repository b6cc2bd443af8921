import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Quantity } from './quantity.ts'

for (const { text, shown, milli } of [
  { text: '0', shown: '0', milli: 0 },
  { text: '0Gi', shown: '0', milli: 0 },
  { text: '1', shown: '1', milli: 1000 },
  { text: '100m', shown: '100m', milli: 100 },
  { text: '0.1', shown: '100m', milli: 100 },
  { text: '.5', shown: '500m', milli: 500 },
  { text: '1500m', shown: '1500m', milli: 1500 },
  { text: '1.500', shown: '1.500', milli: 1500 },
  { text: '1000m', shown: '1', milli: 1000 },
  { text: '1.', shown: '1.', milli: 1000 },
  { text: '1024Mi', shown: '1Gi', milli: 1024 ** 3 * 1000 },
  { text: '1000Mi', shown: '1000Mi', milli: 1000 * 1024 ** 2 * 1000 },
  { text: '0.5Gi', shown: '512Mi', milli: 512 * 1024 ** 2 * 1000 },
  { text: '1.1Gi', shown: '1181116006400m', milli: 1181116006400 },
  { text: '0.001Ki', shown: '1024m', milli: 1024 },
  { text: '512Ki', shown: '512Ki', milli: 524288000 },
  { text: '1e3', shown: '1e3', milli: 1000000 },
  { text: '1e2', shown: '100', milli: 100000 },
  { text: '12E', shown: '12E', milli: 2 ** 63 },
  { text: '100000', shown: '100k', milli: 100000000 },
  { text: '123456', shown: '123456', milli: 123456000 },
  { text: '-5m', shown: '-5m', milli: -5 },
  { text: '1n', shown: '1n', milli: 1 },
  { text: '0.1n', shown: '1n', milli: 1 },
  { text: '16Ei', shown: '9223372036854775807', milli: 2 ** 63 },
]) {
  test(`quantity "${text}" → "${shown}"`, () => {
    const quantity = Quantity.parse(text)
    assert.equal(quantity.toString(), shown)
    assert.equal(quantity.milliValue(), milli)
  })
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
for (const { text, message } of [
  { text: '', message: formatWrong },
  { text: 'abc', message: formatWrong },
  { text: '1 Gi', message: formatWrong },
  { text: '1.2.3', message: formatWrong },
  { text: '1mi', message: "unable to parse quantity's suffix" },
  { text: '1GiB', message: formatWrong },
  { text: '1e', message: "unable to parse quantity's suffix" },
  { text: '1e99999', message: 'unable to parse numeric part of quantity' },
]) {
  test(`quantity "${text}" → ${message}`, () => assert.throws(() => Quantity.parse(text), { message }))
}

const quantities = fc
  .tuple(fc.bigInt(-(10n ** 12n), 10n ** 12n), fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'e-2'))
  .map(([value, suffix]) => Quantity.parse(`${value}${suffix}`))

test('quantity: canonical text parses to the same value and is a fixed point', () => {
  fc.assert(
    fc.property(quantities, quantity => {
      const fresh = quantity.add(Quantity.zero)
      const again = Quantity.parse(fresh.toString())
      assert.equal(again.cmp(quantity), 0)
      assert.equal(again.toString(), fresh.toString())
    }),
  )
})

test('quantity: a + b - b = a, and order agrees with subtraction', () => {
  fc.assert(
    fc.property(quantities, quantities, (a, b) => {
      assert.equal(a.add(b).sub(b).cmp(a), 0)
      assert.equal(a.cmp(b), a.sub(b).sign())
    }),
  )
})

test('quantity: any text parses or throws QuantityError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+]?[0-9.]{0,5}[eEinumkKMGTP]{0,2}[-+0-9]{0,3}$/)), text => {
      try {
        Quantity.parse(text)
      } catch (error) {
        assert.equal((error as Error).name, 'QuantityError')
      }
    }),
  )
})
