import { describe, expect, test } from '@jest/globals';
import { STATUS } from '@relay/packet';
import { SocketError, type SocketErrorCode } from '@relay/socket';
import { PublishStage, SERVER, wanted } from '../support/publish-stage.js';

const ALL = { first: 1, last: 65_535 };

describe('ports at all addresses', () => {
  test.each<SocketErrorCode>(['ipv6-unavailable', 'address-not-available'])(
    'are those of IPv4 where IPv6 is missing: %s',
    async (code) => {
      const stage = new PublishStage({
        beforeOpen: ({ local }) => {
          if (local?.address === '::') throw new SocketError(code, 'open');
        },
      });
      const ada = stage.client('ada', ALL);
      const [former] = [new PublishStage()];
      const bob = former.client('bob', ALL);
      await former.ports(bob, wanted('80-81'));
      stage.allow(bob, ALL);
      stage.publications.reserve(former.assignments());
      stage.begin(bob);
      expect(await stage.ports(bob, wanted('80-81'))).toBe('[::]:80-81');
      expect(await stage.ports(ada, wanted('53-54'))).toBe('[::]:53-54');
      expect(stage.open).toEqual(['0.0.0.0:53', '0.0.0.0:54', '0.0.0.0:80', '0.0.0.0:81']);
      expect(stage.told).toEqual(['published', 'published']);
    },
  );

  test('are one socket for each address on dgram, which cannot say which was asked', async () => {
    const stage = new PublishStage({ engine: 'dgram', addresses: ['127.0.0.1', '::1', SERVER] });
    const ada = stage.client('ada', ALL);
    expect(await stage.ports(ada, wanted('53'))).toBe('[::]:53');
    expect(stage.open).toEqual(['127.0.0.1:53', '192.0.2.1:53', '[::1]:53']);
    expect(await stage.isHeard(53)).toBe(true);
    await stage.ports(ada, wanted('54', {}, '0.0.0.0'));
    expect(stage.open.filter((name) => name.endsWith(':54'))).toEqual(['127.0.0.1:54', '192.0.2.1:54']);
    await stage.ports(ada, wanted('55', {}, SERVER));
    expect(stage.open.filter((name) => name.endsWith(':55'))).toEqual(['192.0.2.1:55']);
    expect(stage.publications.list().map(({ openPorts }) => openPorts)).toEqual([1, 1, 1]);
  });

  test('follow the addresses of this host on dgram', async () => {
    const stage = new PublishStage({ engine: 'dgram' });
    const ada = stage.client('ada', ALL);
    await stage.ports(ada, wanted('53'));
    await stage.ports(ada, wanted('54', {}, SERVER));
    stage.addresses = ['127.0.0.1', '127.0.0.2', '::1'];
    await stage.look();
    expect(stage.open).toEqual(['127.0.0.1:53', '127.0.0.2:53', '192.0.2.1:54', '[::1]:53']);
    expect([stage.made, stage.events.length]).toEqual([5, 2]);
    await stage.look();
    expect(stage.made).toBe(5);
    stage.addresses = ['127.0.0.1'];
    await stage.look();
    expect(stage.open).toEqual(['127.0.0.1:53', '192.0.2.1:54']);
    expect([stage.isOwn(53), stage.faults]).toEqual([true, []]);
    await stage.publications.unpublish(ada, wanted('53'));
    expect([stage.isOwn(53), stage.isOwn(54)]).toEqual([false, true]);
  });

  test('are partly open while one of the addresses is taken, and complete afterwards', async () => {
    const stage = new PublishStage({ engine: 'dgram', addresses: ['127.0.0.1'] });
    const ada = stage.client('ada', ALL);
    const other = await stage.occupy({ address: SERVER, port: 53 });
    await stage.ports(ada, wanted('53'));
    stage.addresses = ['127.0.0.1', SERVER];
    await stage.look();
    expect([stage.open, stage.told]).toEqual([['127.0.0.1:53'], ['published', 'partly']]);
    await other.close();
    await stage.pass(5001);
    expect([stage.open.length, stage.told]).toEqual([2, ['published', 'partly', 'published']]);
  });

  test('on dgram are refused where one of the addresses is taken, and nothing stays open', async () => {
    const stage = new PublishStage({ engine: 'dgram' });
    await stage.occupy({ address: '127.0.0.1', port: 54 });
    const outcome = await stage.publish(stage.client('ada', ALL), wanted('53-55'));
    expect([outcome, stage.open]).toEqual([{ status: STATUS.unavailable, port: 54, reason: 'address-in-use' }, []]);
  });

  test.each([
    ['cannot be bound', 'fe80::1%9', 2],
    ['has lost its zone', 'febf::1', 2],
    ['has no interface any more', 'fe80::1%no-such-interface', 1],
  ])('do without an address of a link that %s', async (_why, zoned, made) => {
    const stage = new PublishStage({ engine: 'dgram', addresses: ['127.0.0.1', zoned] });
    const ada = stage.client('ada', ALL);
    expect(await stage.ports(ada, wanted('53'))).toBe('[::]:53');
    expect([stage.open, stage.made]).toEqual([['127.0.0.1:53'], made]);
    stage.addresses = ['127.0.0.1', zoned, SERVER];
    await stage.look();
    expect([stage.open.length, stage.publications.list()]).toMatchObject([2, [{ state: 'open' }]]);
  });

  test('stay as they are where the addresses of this host cannot be read', async () => {
    const stage = new PublishStage({ engine: 'dgram' });
    const ada = stage.client('ada', ALL);
    await stage.ports(ada, wanted('53'));
    stage.areAddressesReadable = false;
    await expect(stage.look()).rejects.toThrow('no descriptor left');
    expect(await stage.ports(ada, wanted('54'))).toBe('[::]:54');
    expect(stage.open).toHaveLength(4);
  });

  test('cannot be opened as long as those were never read', async () => {
    const stage = new PublishStage({ engine: 'dgram' });
    const ada = stage.client('ada', ALL);
    stage.areAddressesReadable = false;
    expect(await stage.publish(ada, wanted('53'))).toEqual({ status: STATUS.failed, reason: 'fault' });
    stage.areAddressesReadable = true;
    expect(await stage.ports(ada, wanted('53'))).toBe('[::]:53');
  });
});
