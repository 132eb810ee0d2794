import { CfnResource, CfnTag, ITaggableV2, RemovalPolicy, TagManager, TagType } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ConnectPhoneNumberProps, toConnectPhoneNumber } from './properties';
import { publishedServiceToken } from './service-token';

const RESOURCE_TYPE = 'Custom::ConnectPhoneNumber';

/** As for native resources: below that of `Tags.of`. */
const OWN_TAG_PRIORITY = 50;

/** What a number needs. */
export interface PhoneNumberProps extends ConnectPhoneNumberProps {
  /**
   * ARN of the provider's function.
   *
   * @default - that of the pool's provider; without a pool, the account's provider publishes it in the SSM parameter
   * `/connect-phone-number/service-token`
   */
  readonly serviceToken?: string;

  /**
   * What happens to the number when its resource is deleted: `DESTROY` releases it, for good, and `RETAIN` leaves it to
   * the account.
   *
   * @default - `DESTROY`, or `RETAIN` with `adopt`, because an adopted number existed before the stack
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A phone number that Amazon Connect holds as long as the stack has this construct. */
export class PhoneNumber extends Construct {
  /** The number in E.164 form: a token until it is deployed. */
  public readonly e164: string;

  /** The number's id, a UUID: a token until it is deployed. */
  public readonly phoneNumberId: string;

  /** The number's ARN: a token until it is deployed. */
  public readonly phoneNumberArn: string;

  /** The number's country, including that of an adopted number: a token until it is deployed. */
  public readonly countryCode: string;

  /** The number's type, including that of an adopted number: a token until it is deployed. */
  public readonly type: string;

  /** The ARN of the number's instance or group: a token until it is deployed. */
  public readonly targetArn: string;

  constructor(scope: Construct, id: string, props: PhoneNumberProps) {
    super(scope, id);
    const policy = props.removalPolicy ?? (props.adopt ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
    if (policy === RemovalPolicy.SNAPSHOT) {
      throw new Error(`${this.node.path}: removalPolicy must not be SNAPSHOT. A phone number has no snapshot.`);
    }
    const { pool } = props;
    const resource = new PhoneNumberResource(this, 'Resource', props.tags ?? [], {
      ServiceToken: props.serviceToken ?? pool?.serviceToken ?? publishedServiceToken(this),
      ...toConnectPhoneNumber({
        ...props,
        // The pool says when and where its numbers are parked.
        releaseDelay: props.releaseDelay ?? pool?.releaseAfter,
        parkingTargetArn: props.parkingTargetArn ?? pool?.parkingTargetArn,
        // TagManager writes them, with those of Tags.of.
        tags: undefined,
      }),
    });
    // RETAIN alone would also keep an unused number whose creation is rolled back.
    resource.applyRemovalPolicy(
      policy === RemovalPolicy.DESTROY ? policy : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    );
    this.e164 = resource.getAtt('PhoneNumber').toString();
    this.phoneNumberId = resource.getAtt('PhoneNumberId').toString();
    this.phoneNumberArn = resource.ref;
    this.countryCode = resource.getAtt('CountryCode').toString();
    this.type = resource.getAtt('Type').toString();
    this.targetArn = resource.getAtt('TargetArn').toString();
  }
}

/** The resource, with tags as native resources have them. */
class PhoneNumberResource extends CfnResource implements ITaggableV2 {
  public readonly cdkTagManager: TagManager;

  constructor(scope: Construct, id: string, tags: CfnTag[], properties: Record<string, unknown>) {
    super(scope, id, { type: RESOURCE_TYPE, properties });
    this.cdkTagManager = new TagManager(TagType.KEY_VALUE, RESOURCE_TYPE, undefined, { tagPropertyName: 'Tags' });
    for (const { key, value } of tags) {
      this.cdkTagManager.setTag(key, value, OWN_TAG_PRIORITY);
    }
  }
}
