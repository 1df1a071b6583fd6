// Says why its first argument cannot be a log folder, and ends with code 2.
import process from 'node:process';
import { createLogging } from '../../dist/index.js';

// Root may write everywhere, so it becomes nobody once everything is loaded.
if (process.getuid() === 0) {
  process.setgid(65534);
  process.setuid(65534);
}
try {
  createLogging({ directory: process.argv[2] });
} catch (error) {
  process.stdout.write(`${error.message}\n`);
  process.exit(2);
}
