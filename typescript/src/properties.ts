// Written by `python -m resource_types` from lambda_handlers/connect_phone_number/properties.py. Do not edit.

import { CfnTag, Duration } from 'aws-cdk-lib';
import { IPhoneNumberPool } from './pool-interface';

/** A type of phone number in Amazon Connect. */
export enum PhoneNumberType {
  /** `DID` */
  DID = 'DID',
  /** `SHARED` */
  SHARED = 'SHARED',
  /** `SHORT_CODE` */
  SHORT_CODE = 'SHORT_CODE',
  /** `THIRD_PARTY_DID` */
  THIRD_PARTY_DID = 'THIRD_PARTY_DID',
  /** `THIRD_PARTY_TF` */
  THIRD_PARTY_TF = 'THIRD_PARTY_TF',
  /** `TOLL_FREE` */
  TOLL_FREE = 'TOLL_FREE',
  /** `UIFN` */
  UIFN = 'UIFN',
}

/** A phone number that Amazon Connect holds as long as the stack has this resource. */
export interface ConnectPhoneNumberProps {
  /**
   * How long CloudFormation waits, in seconds: 3600 by default, which is the maximum. Set at least 60.
   *
   * @default - not set
   */
  readonly serviceTimeout?: Duration;
  /**
   * ARN of an Amazon Connect instance or traffic distribution group of the stack's Region. An import needs an instance.
   */
  readonly targetArn: string;
  /**
   * ISO 3166-1 alpha-2 code, for example `US`. Required unless `adopt` or `sourcePhoneNumberArn` is set.
   *
   * @default - not set; needed for a search
   */
  readonly countryCode?: string;
  /**
   * `DID` (default), `TOLL_FREE`, `UIFN`, `SHARED`, `SHORT_CODE`, `THIRD_PARTY_DID`, `THIRD_PARTY_TF`.
   *
   * @default - not set
   */
  readonly type?: PhoneNumberType;
  /**
   * `+`, the country's calling code, and more digits: at most 11. Cannot be combined with `phoneNumber`.
   *
   * @default - not set
   */
  readonly prefix?: string;
  /**
   * The exact number to take, in E.164 form.
   *
   * @default - not set
   */
  readonly phoneNumber?: string;
  /**
   * `true`: adopt `phoneNumber`, which the account already holds. Default `false`. Keep an adopted number, or it is released with the resource.
   *
   * @default - not set
   */
  readonly adopt?: boolean;
  /**
   * ARN of a number from AWS End User Messaging to import. Cannot be combined with any of the five properties above.
   *
   * @default - not set
   */
  readonly sourcePhoneNumberArn?: string;
  /**
   * At most 500 characters.
   *
   * @default - not set
   */
  readonly description?: string;
  /**
   * ARN of the flow that takes the calls.
   *
   * @default - not set
   */
  readonly contactFlowArn?: string;
  /**
   * `true`: refuse to release or replace the number. Default `false`.
   *
   * @default - not set
   */
  readonly releaseProtection?: boolean;
  /**
   * For how many seconds a deleted number is parked before it is released, from 0 (default) to 31536000.
   *
   * @default - not set
   */
  readonly releaseDelay?: Duration;
  /**
   * `Ref` of a pool from which the number is taken, and in which it is parked. Needs `releaseDelay`.
   *
   * @default - not set
   */
  readonly pool?: IPhoneNumberPool;
  /**
   * ARN of the target to which the number is moved when it is parked in its `pool`.
   *
   * @default - not set
   */
  readonly parkingTargetArn?: string;
  /**
   * `true`: carry out a change that replaces the number. Without it such a change fails. Default `false`.
   *
   * @default - not set
   */
  readonly allowReplacement?: boolean;
  /**
   * List of `Key` and `Value`, at most 46. Keys that begin with `aws:` or `cdk-connect-phone-number:` are refused.
   *
   * @default - not set
   */
  readonly tags?: CfnTag[];
}

/**
 * The properties as `Custom::ConnectPhoneNumber` takes them.
 * @internal
 */
export function toConnectPhoneNumber(props: ConnectPhoneNumberProps): Record<string, unknown> {
  return {
    ServiceTimeout: props.serviceTimeout?.toSeconds(),
    TargetArn: props.targetArn,
    CountryCode: props.countryCode,
    Type: props.type,
    Prefix: props.prefix,
    PhoneNumber: props.phoneNumber,
    Adopt: props.adopt,
    SourcePhoneNumberArn: props.sourcePhoneNumberArn,
    Description: props.description,
    ContactFlowArn: props.contactFlowArn,
    ReleaseProtection: props.releaseProtection,
    ReleaseDelay: props.releaseDelay?.toSeconds(),
    Pool: props.pool?.poolId,
    ParkingTargetArn: props.parkingTargetArn,
    AllowReplacement: props.allowReplacement,
    Tags: props.tags,
  };
}

/** A pool in which the numbers of deleted resources are parked, for resources that are created later. */
export interface ConnectPhoneNumberPoolProps {
  /**
   * How long CloudFormation waits, in seconds: 3600 by default, which is the maximum. Set at least 60.
   *
   * @default - not set
   */
  readonly serviceTimeout?: Duration;
  /**
   * How many numbers may be parked, from 1 to 100.
   */
  readonly maxParked: number;
  /**
   * For how many seconds a number is parked, from 1 to 31536000.
   */
  readonly releaseAfter: Duration;
  /**
   * `true`: what is parked stays in the account when the pool is deleted. Default `false`.
   *
   * @default - not set
   */
  readonly retainParked?: boolean;
  /**
   * How many numbers are claimed in advance and stay parked, from 0 (default) to 40.
   *
   * @default - not set
   */
  readonly minParked?: number;
  /**
   * Country of the numbers that are claimed for `minParked`, for example `US`.
   *
   * @default - not set; needed with `minParked`
   */
  readonly countryCode?: string;
  /**
   * Type of these numbers. Default `DID`.
   *
   * @default - not set
   */
  readonly type?: PhoneNumberType;
  /**
   * What these numbers begin with.
   *
   * @default - not set
   */
  readonly prefix?: string;
  /**
   * ARN of the target for the numbers of `minParked` and `phoneNumbers`.
   *
   * @default - not set; needed with `minParked` or `phoneNumbers`
   */
  readonly parkingTargetArn?: string;
  /**
   * List of numbers that the account holds and that the pool is to have: with `minParked`, 40 at most. They are never released.
   *
   * @default - not set
   */
  readonly phoneNumbers?: string[];
}

/**
 * The properties as `Custom::ConnectPhoneNumberPool` takes them.
 * @internal
 */
export function toConnectPhoneNumberPool(props: ConnectPhoneNumberPoolProps): Record<string, unknown> {
  return {
    ServiceTimeout: props.serviceTimeout?.toSeconds(),
    MaxParked: props.maxParked,
    ReleaseAfter: props.releaseAfter.toSeconds(),
    RetainParked: props.retainParked,
    MinParked: props.minParked,
    CountryCode: props.countryCode,
    Type: props.type,
    Prefix: props.prefix,
    ParkingTargetArn: props.parkingTargetArn,
    PhoneNumbers: props.phoneNumbers,
  };
}
