import { decodePublishedPorts, STATUS } from '@relay/packet';
import { statusOnly, type RequestHandler } from './request.js';

/** Closes public ports of a client. */
export const unpublish: RequestHandler = async ({ body, publicKey }, { publications }) => {
  const ports = decodePublishedPorts(body);
  if (typeof ports === 'string') return statusOnly(STATUS.malformed);
  return statusOnly((await publications.unpublish({ publicKey }, ports)) ? STATUS.done : STATUS.notFound);
};
