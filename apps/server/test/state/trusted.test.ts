import { describe, expect, test } from '@jest/globals';
import { distrust } from '../../src/state/trusted.js';

const own = process.getuid?.() ?? 0;
const other = own + 1;

describe('a file of the state', () => {
  test.each([
    ['this user', own, own],
    ['root', 0, other],
  ])('of %s is trusted', (_who, uid, folderOwner) => {
    expect(distrust({ uid, mode: 0o600 }, folderOwner)).toBeUndefined();
  });

  test('of the owner of the whole folder is trusted by root alone', () => {
    const reason = distrust({ uid: other, mode: 0o600 }, other);
    if (own === 0) expect(reason).toBeUndefined();
    else expect(reason).toContain('belongs to another user');
  });

  test('of anybody else is not trusted, nor is one that others can write', () => {
    expect(distrust({ uid: other, mode: 0o600 }, own)).toContain(`another user (uid ${other}): run chown`);
    for (const mode of [0o620, 0o602])
      expect(distrust({ uid: own, mode }, own)).toContain('others can write it: run chmod go-w');
  });
});
