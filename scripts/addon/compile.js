// Compiles the addon of the package in the current folder with a given compiler and without
// node-gyp: for other architectures, and with sanitizers.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { native } from './package.js';

const WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Werror'];

/**
 * Returns the folder that holds include/node: npm's nodedir if set, otherwise that of the running
 * installation, or undefined if there is none.
 */
export function folderOfHeaders() {
  const candidates = [process.env.npm_config_nodedir, dirname(dirname(process.execPath))];
  return candidates.find((folder) => folder && existsSync(join(folder, 'include/node/node_api.h')));
}

/**
 * Compiles the addon into `file`. A runtime that lacks a function which the addon calls refuses to
 * load it, instead of ending at the first call (`-z now`).
 */
export function compileAddon(compiler, file, flags) {
  const sources = readdirSync(native).filter((name) => name.endsWith('.c'));
  const headers = folderOfHeaders();
  if (!headers) throw new Error("Node's headers are not installed (node_api.h)");
  mkdirSync(dirname(file), { recursive: true });
  const language = ['-std=c11', '-fPIC', '-fvisibility=hidden', '-DNAPI_VERSION=8', ...WARNINGS];
  const call = [...language, ...flags, '-isystem', join(headers, 'include/node'), '-shared', '-Wl,-z,now', '-o', file];
  execFileSync(compiler, [...call, ...sources.map((source) => join(native, source))], { stdio: 'inherit' });
}
