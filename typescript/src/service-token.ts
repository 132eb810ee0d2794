import { aws_ssm as ssm } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/** Under this name the provider's template publishes the service token, unless it is told another. */
const PARAMETER_NAME = '/connect-phone-number/service-token';

/** Return the service token that the account's provider publishes in the Region. CloudFormation reads it. */
export function publishedServiceToken(scope: Construct): string {
  return ssm.StringParameter.valueForStringParameter(scope, PARAMETER_NAME);
}
