import type { BenchmarkCase } from '../case.js';
import { handshakeCases } from './handshakes.js';
import { memoryCases } from './memory.js';
import { sealOpenCases } from './seal-open.js';
import { strangerCases } from './strangers.js';

export const cases: readonly BenchmarkCase[] = [...sealOpenCases, ...handshakeCases, ...strangerCases, ...memoryCases];
