import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const PROGRAMS = join(import.meta.dirname, '..', 'programs');

/** The Debian packages that {@link compile} needs. */
export const COMPILER = ['gcc', 'libc6-dev'];

/** Compiles a program of `scale/programs` into the folder of a lab. Returns its path. */
export function compile({ folder }, name) {
  const path = join(folder, name);
  execFileSync('gcc', ['-O2', '-Wall', '-Werror', '-o', path, join(PROGRAMS, `${name}.c`)]);
  return path;
}
