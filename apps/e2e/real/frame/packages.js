import { spawnSync } from 'node:child_process';

/** Returns the version of a Debian package, or undefined if it is not installed. */
export function versionOf(name) {
  const format = '${db:Status-Abbrev} ${Version}';
  const { stdout } = spawnSync('dpkg-query', ['--show', '--showformat', format, name], { encoding: 'utf8' });
  const [state, version] = (stdout ?? '').trim().split(/\s+/);
  return state === 'ii' ? version : undefined;
}
