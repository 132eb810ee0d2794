import { CfnResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { IPhoneNumberPool } from './pool-interface';
import { ConnectPhoneNumberPoolProps, toConnectPhoneNumberPool } from './properties';
import { publishedServiceToken } from './service-token';

/** What a pool needs. */
export interface PhoneNumberPoolProps extends ConnectPhoneNumberPoolProps {
  /**
   * ARN of the provider's function.
   *
   * @default - the account's provider publishes it in the SSM parameter `/connect-phone-number/service-token`
   */
  readonly serviceToken?: string;
}

/** A pool in which the numbers of deleted resources are parked, for resources that are created later. */
export class PhoneNumberPool extends Construct implements IPhoneNumberPool {
  /** The pool's name: a token until it is deployed. */
  public readonly poolId: string;

  /** How long a number is parked before it is released. */
  public readonly releaseAfter: Duration;

  /** The target to which parked numbers are moved, if they are moved. */
  public readonly parkingTargetArn?: string;

  /** The service token of the provider that serves the pool and its numbers. */
  public readonly serviceToken: string;

  constructor(scope: Construct, id: string, props: PhoneNumberPoolProps) {
    super(scope, id);
    this.serviceToken = props.serviceToken ?? publishedServiceToken(this);
    this.releaseAfter = props.releaseAfter;
    this.parkingTargetArn = props.parkingTargetArn;
    // CloudFormation always deletes the resource: only a Delete tells the function what to do with the numbers.
    this.poolId = new CfnResource(this, 'Resource', {
      type: 'Custom::ConnectPhoneNumberPool',
      properties: { ServiceToken: this.serviceToken, ...toConnectPhoneNumberPool(props) },
    }).ref;
  }
}
