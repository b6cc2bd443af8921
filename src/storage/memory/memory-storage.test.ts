import { describeConformance } from '../conformance.ts'
import { MemoryStorage } from './memory-storage.ts'

describeConformance('memory', async use => {
  await using storage = new MemoryStorage()
  await use(storage)
})
