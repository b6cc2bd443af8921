import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printTable, type PrintOptions } from './table-printer.ts'

const object = (namespace: string) => ({ metadata: { namespace } })
const table = {
  columnDefinitions: [
    { name: 'Name', priority: 0 },
    { name: 'Ready', priority: 0 },
    { name: 'IP', priority: 1 },
  ],
  rows: [
    { cells: ['sample-pod', '1/1', '10.244.0.2'], object: object('default') },
    { cells: ['a', '0/1', '<none>'], object: object('kube-system') },
  ],
}

const cases: { name: string; options: PrintOptions; want: string[] }[] = [
  { name: 'the usual columns', options: {}, want: ['NAME         READY', 'sample-pod   1/1', 'a            0/1'] },
  {
    name: 'every column',
    options: { wide: true },
    want: ['NAME         READY   IP', 'sample-pod   1/1     10.244.0.2', 'a            0/1     <none>'],
  },
  {
    name: 'with namespaces',
    options: { namespaces: true },
    want: ['NAMESPACE     NAME         READY', 'default       sample-pod   1/1', 'kube-system   a            0/1'],
  },
]
for (const { name, options, want } of cases) {
  test(`a table: ${name}`, () => assert.equal(printTable(table, options), `${want.join('\n')}\n`))
}

test('a table: a narrow column has six characters; numbers, nothing, and the first of several lines', () => {
  const columnDefinitions = ['N', 'Text', 'Last'].map(name => ({ name, priority: 0 }))
  const rows = [{ cells: [7, 'one\ntwo', 'x'] }, { cells: [null, '', undefined] }]
  assert.equal(printTable({ columnDefinitions, rows }), 'N     TEXT     LAST\n7     one...   x\n               \n')
})

test('a table without rows is its headings', () => {
  assert.equal(printTable({ ...table, rows: [] }), 'NAME   READY\n')
})
