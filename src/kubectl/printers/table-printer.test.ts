import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printTable } from './table-printer.ts'

const table = {
  columnDefinitions: [
    { name: 'Name', priority: 0 },
    { name: 'Ready', priority: 0 },
    { name: 'IP', priority: 1 },
  ],
  rows: [{ cells: ['sample-pod', '1/1', '10.244.0.2'] }, { cells: ['a', '0/1', ''] }],
}

test('a table: columns of priority 0, three spaces apart, no trailing blanks', () => {
  assert.equal(printTable(table), 'NAME         READY\nsample-pod   1/1\na            0/1\n')
})

test('wide: every column; an empty cell is <none>', () => {
  assert.equal(printTable(table, { wide: true }), 'NAME         READY   IP\nsample-pod   1/1     10.244.0.2\na            0/1     <none>\n')
})
