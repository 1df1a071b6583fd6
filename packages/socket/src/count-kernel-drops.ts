import { readKernelDrops } from './dgram/kernel-drops.js';
import { madeNativeLoop } from './native/native-loop.js';

/**
 * Asks the kernel what it has dropped at the sockets of this thread, because their receive buffers
 * were full. Each socket reports it to its `onKernelDrops`. On native it does so before this
 * returns, for one system call for each socket that was ready since the last call. On dgram it does
 * so when the list that Linux keeps is read: at most once every two seconds, and more seldom where
 * that takes long. Call this every few seconds and before you show the counts. It does not throw.
 */
export function countKernelDrops(): void {
  madeNativeLoop()?.countKernelDrops();
  readKernelDrops();
}
