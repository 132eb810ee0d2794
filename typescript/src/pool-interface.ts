import { Duration } from 'aws-cdk-lib';

/** A pool in which numbers are parked. */
export interface IPhoneNumberPool {
  /** The pool's name, which its numbers have as `Pool`. */
  readonly poolId: string;

  /** How long a number is parked before it is released. */
  readonly releaseAfter: Duration;

  /**
   * The target to which parked numbers are moved.
   *
   * @default - numbers stay where they are
   */
  readonly parkingTargetArn?: string;

  /** The service token of the provider that serves the pool and its numbers. */
  readonly serviceToken: string;
}
