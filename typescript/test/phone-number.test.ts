import * as assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Duration, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { PhoneNumber, PhoneNumberPool, PhoneNumberProps, PhoneNumberType } from 'cdk-connect-phone-number';

const TARGET = 'arn:aws:connect:us-east-1:111122223333:instance/11111111-2222-3333-4444-555555555555';
const TOKEN = 'arn:aws:lambda:us-east-1:111122223333:function:provider';
const SEARCH: PhoneNumberProps = { targetArn: TARGET, countryCode: 'US', serviceToken: TOKEN };

function resource(type: string, build: (stack: Stack) => void): Record<string, any> {
  const stack = new Stack(new App(), 'Stack');
  build(stack);
  const found = Object.values(Template.fromStack(stack).findResources(type));
  assert.equal(found.length, 1);
  return found[0]!;
}

function number(props: PhoneNumberProps, change: (number: PhoneNumber) => void = () => {}): Record<string, any> {
  return resource('Custom::ConnectPhoneNumber', (stack) => change(new PhoneNumber(stack, 'Line', props)));
}

test('a number has the properties that were given, and no other', () => {
  assert.deepEqual(number(SEARCH), {
    Type: 'Custom::ConnectPhoneNumber',
    Properties: { ServiceToken: TOKEN, TargetArn: TARGET, CountryCode: 'US' },
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
  });
});

test('every property arrives under the name and in the form of the resource type', () => {
  const { Properties } = number({
    ...SEARCH,
    type: PhoneNumberType.TOLL_FREE,
    prefix: '+1800',
    description: 'Support line',
    contactFlowArn: `${TARGET}/contact-flow/99999999-8888-7777-6666-555555555555`,
    releaseProtection: true,
    releaseDelay: Duration.days(7),
    allowReplacement: false,
    serviceTimeout: Duration.minutes(30),
    tags: [{ key: 'team', value: 'support' }],
  });

  assert.deepEqual(Properties, {
    ServiceToken: TOKEN,
    TargetArn: TARGET,
    CountryCode: 'US',
    Type: 'TOLL_FREE',
    Prefix: '+1800',
    Description: 'Support line',
    ContactFlowArn: `${TARGET}/contact-flow/99999999-8888-7777-6666-555555555555`,
    ReleaseProtection: true,
    ReleaseDelay: 604800,
    AllowReplacement: false,
    ServiceTimeout: 1800,
    Tags: [{ Key: 'team', Value: 'support' }],
  });
});

test('without a service token, CloudFormation reads the one that the provider publishes', () => {
  const stack = new Stack(new App(), 'Stack');
  new PhoneNumber(stack, 'Line', { targetArn: TARGET, countryCode: 'US' });

  const template = Template.fromStack(stack);

  const [[parameter]] = Object.entries(
    template.findParameters('*', {
      Type: 'AWS::SSM::Parameter::Value<String>',
      Default: '/connect-phone-number/service-token',
    }),
  ) as [[string, unknown]];
  template.hasResourceProperties('Custom::ConnectPhoneNumber', { ServiceToken: { Ref: parameter } });
});

test('an adopted number is kept, unless it is said otherwise', () => {
  const adopted = { targetArn: TARGET, phoneNumber: '+12065550100', adopt: true, serviceToken: TOKEN };

  assert.equal(number(adopted).DeletionPolicy, 'RetainExceptOnCreate');
  assert.equal(number(adopted).UpdateReplacePolicy, 'Retain');
  assert.equal(number({ ...adopted, removalPolicy: RemovalPolicy.DESTROY }).DeletionPolicy, 'Delete');
});

test('a number whose creation is rolled back is not kept', () => {
  assert.equal(number({ ...SEARCH, removalPolicy: RemovalPolicy.RETAIN }).DeletionPolicy, 'RetainExceptOnCreate');
});

test('a snapshot is refused', () => {
  assert.throws(() => number({ ...SEARCH, removalPolicy: RemovalPolicy.SNAPSHOT }), /Stack\/Line: removalPolicy/);
});

test('tags of the app are on the number, beside its own', () => {
  const { Properties } = number({ ...SEARCH, tags: [{ key: 'team', value: 'support' }] }, (line) =>
    Tags.of(line).add('stage', 'test'),
  );

  assert.deepEqual(Properties.Tags, [
    { Key: 'stage', Value: 'test' },
    { Key: 'team', Value: 'support' },
  ]);
});

test('a number of a pool has what the pool says', () => {
  const stack = new Stack(new App(), 'Stack');
  const pool = new PhoneNumberPool(stack, 'Pool', {
    maxParked: 5,
    releaseAfter: Duration.days(30),
    minParked: 2,
    countryCode: 'US',
    parkingTargetArn: TARGET,
    phoneNumbers: ['+12065550100'],
    retainParked: true,
    serviceToken: TOKEN,
  });
  new PhoneNumber(stack, 'Line', { targetArn: TARGET, countryCode: 'US', pool });

  const template = Template.fromStack(stack);

  const [[id, found]] = Object.entries(template.findResources('Custom::ConnectPhoneNumberPool')) as [[string, any]];
  assert.deepEqual(found.Properties, {
    ServiceToken: TOKEN,
    MaxParked: 5,
    ReleaseAfter: 2592000,
    MinParked: 2,
    CountryCode: 'US',
    ParkingTargetArn: TARGET,
    PhoneNumbers: ['+12065550100'],
    RetainParked: true,
  });
  template.hasResourceProperties('Custom::ConnectPhoneNumber', {
    ServiceToken: TOKEN,
    Pool: { Ref: id },
    ReleaseDelay: 2592000,
    ParkingTargetArn: TARGET,
  });
});

test('attributes are those of the resource', () => {
  const stack = new Stack(new App(), 'Stack');
  const line = new PhoneNumber(stack, 'Line', SEARCH);
  const [id] = Object.keys(Template.fromStack(stack).findResources('Custom::ConnectPhoneNumber'));

  assert.deepEqual(stack.resolve(line.phoneNumberArn), { Ref: id });
  for (const [value, name] of [
    [line.e164, 'PhoneNumber'],
    [line.phoneNumberId, 'PhoneNumberId'],
    [line.countryCode, 'CountryCode'],
    [line.type, 'Type'],
    [line.targetArn, 'TargetArn'],
  ]) {
    assert.deepEqual(stack.resolve(value), { 'Fn::GetAtt': [id, name] });
  }
});

// The compiler itself is the test here: each line below is an error, and `tsc` fails if one of them is not.
export function isNotCompiled(stack: Stack): void {
  // @ts-expect-error - a property that does not exist
  new PhoneNumber(stack, 'A', { ...SEARCH, country: 'US' });
  // @ts-expect-error - seconds are a Duration
  new PhoneNumber(stack, 'B', { ...SEARCH, releaseDelay: 604800 });
  // @ts-expect-error - the target is required
  new PhoneNumber(stack, 'C', { countryCode: 'US' });
  // @ts-expect-error - not a type of number
  new PhoneNumber(stack, 'D', { ...SEARCH, type: 'LOCAL' });
  // @ts-expect-error - a pool says how many numbers are parked
  new PhoneNumberPool(stack, 'E', { releaseAfter: Duration.days(1) });
}
