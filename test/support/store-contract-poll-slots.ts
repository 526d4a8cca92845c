import { expect, test } from 'vitest';

import type { ContractStore } from './store-opening.ts';

const leaseMs = 60_000;

export function describePollSlots({ store, restart }: ContractStore): void {
  test('of all who claim a slot at once, one gets it', async () => {
    const holders = Array.from({ length: 20 }, (_, index) => `replica-${index}`);
    const claims = await Promise.all(
      holders.map((holder) =>
        store().pollSlots.claimSlot({ feed: 'at-once', slot: 1, holder, leaseMs }),
      ),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test('a running lease keeps the slot from others, also after a restart', async () => {
    const slot = { feed: 'running', slot: 1, leaseMs };
    expect(await store().pollSlots.claimSlot({ ...slot, holder: 'one' })).toBe(true);
    await restart();
    expect(await store().pollSlots.claimSlot({ ...slot, holder: 'two' })).toBe(false);
    expect(await store().pollSlots.claimSlot({ ...slot, slot: 2, holder: 'two' })).toBe(true);
    expect(await store().pollSlots.claimSlot({ ...slot, feed: 'other', holder: 'two' })).toBe(true);
  });

  test('the holder may extend its own lease', async () => {
    const claim = { feed: 'extended', slot: 1, holder: 'one' };
    expect(await store().pollSlots.claimSlot({ ...claim, leaseMs: 0 })).toBe(true);
    expect(await store().pollSlots.claimSlot({ ...claim, leaseMs })).toBe(true);
    expect(await store().pollSlots.claimSlot({ ...claim, holder: 'two', leaseMs })).toBe(false);
  });

  test('a lease that ran out passes to another, and its old holder cannot finish', async () => {
    const slot = { feed: 'ran-out', slot: 1 };
    expect(await store().pollSlots.claimSlot({ ...slot, holder: 'dead', leaseMs: 0 })).toBe(true);
    expect(await store().pollSlots.claimSlot({ ...slot, holder: 'next', leaseMs })).toBe(true);

    expect(await store().pollSlots.finishSlot({ ...slot, holder: 'dead' })).toBe(false);
    expect(await store().pollSlots.finishSlot({ ...slot, holder: 'next' })).toBe(true);
  });

  test('a finished slot is nobody’s any more', async () => {
    const slot = { feed: 'finished', slot: 1, holder: 'one' };
    await store().pollSlots.claimSlot({ ...slot, leaseMs: 0 });
    expect(await store().pollSlots.finishSlot(slot)).toBe(true);

    expect(await store().pollSlots.claimSlot({ ...slot, leaseMs })).toBe(false);
    expect(await store().pollSlots.claimSlot({ ...slot, holder: 'two', leaseMs })).toBe(false);
    expect(await store().pollSlots.finishSlot(slot)).toBe(false);
  });

  test('the last 1,000 slots of a feed are remembered, older ones are dropped', async () => {
    const feed = 'pruned';
    for (const slot of [1, 1_000, 1_001, 2_001]) {
      await store().pollSlots.claimSlot({ feed, slot, holder: 'one', leaseMs });
      await store().pollSlots.finishSlot({ feed, slot, holder: 'one' });
    }
    const slots = await store()
      .database.selectFrom('poll_slot')
      .select('slot')
      .where('feed', '=', feed)
      .orderBy('slot')
      .execute();
    expect(slots.map(({ slot }) => slot)).toEqual([1_001, 2_001]);
  });
}
