#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// What is young is collected often and a little at a time: each collection stops the loop, and that
// of 16 MiB of new flows took 10 ms.
setFlagsFromString('--semi-space-growth-factor=1');

// Older versions of Node.js fail on the syntax of what is imported, in many lines.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major > 20 || (major === 20 && minor >= 19)) await import('../dist/main.js');
else {
  console.error(`relay-client: Node.js ${process.versions.node} is too old: 20.19 or newer is needed`);
  process.exitCode = 2;
}
