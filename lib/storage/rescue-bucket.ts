import { Duration, Validations } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { RESCUED_PREFIX, SEALING_KEY_OBJECT, VARIABLES } from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from './encryption.ts';
import { removal } from './removal.ts';
import { acknowledgePatterns } from './secret-arns.ts';

/** Zoom's refresh tokens live 90 days: what is older opens nothing any more. */
const KEPT = Duration.days(90);

/**
 * The second place for new tokens, sealed, where DynamoDB cannot store them. A step writes an object
 * `pairs/<connection>/<generation>-<version>`, and a later one takes it up and deletes it; nearly always there is none. The
 * public half of the sealing key is here too. With the removal policy `destroy`, CloudFormation deletes the bucket only where
 * it is empty.
 */
export class RescueBucket extends Construct {
  private readonly bucket: Pick<IBucket, 'bucketArn' | 'bucketName' | 'arnForObjects'>;
  private readonly encryption: Encryption;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly settings: Settings; readonly encryption: Encryption },
  ) {
    super(scope, id);
    const { settings, encryption } = props;
    this.encryption = encryption;
    const { rescueBucket: existing } = settings.existing;
    this.bucket =
      existing === undefined
        ? this.createBucket(settings)
        : Bucket.fromBucketName(this, 'Existing', existing);
  }

  get bucketName(): string {
    return this.bucket.bucketName;
  }

  private createBucket(settings: Settings): Bucket {
    const { encryption } = this;
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      ...(encryption.key
        ? { encryption: BucketEncryption.KMS, encryptionKey: encryption.key, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      lifecycleRules: [
        { prefix: RESCUED_PREFIX, expiration: KEPT },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: removal(settings),
    });
    // What is kept stays refused to plain HTTP.
    bucket.policy?.applyRemovalPolicy(removal(settings));
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'An access log needs a second bucket that is never empty. What is in this one is sealed, and CloudTrail can record its reads.',
    });
    return bucket;
  }

  /** Lets the function keep tokens there, not read them, and tells it the bucket. */
  grantKeep(fn: ServiceFunction): void {
    this.allowOnPairs(fn, 'PutObject');
  }

  /**
   * Lets the function keep tokens there, read and delete them, and tells it the bucket. Without `ListBucket` S3 responds to
   * a missing object as to one that may not be read, and the function would never ask Zoom.
   */
  grantTakeUp(fn: ServiceFunction): void {
    this.allowOnPairs(fn, 'PutObject', 'GetObject', 'DeleteObject');
    fn.allow(['s3:ListBucket'], [this.bucket.bucketArn]);
  }

  /** Lets the function read the public half of the sealing key. Who may write it could open what is sealed from then on. */
  grantSeal(fn: ServiceFunction): void {
    fn.allow(['s3:GetObject'], [this.bucket.arnForObjects(SEALING_KEY_OBJECT)]);
  }

  /** Lets the function publish the public half of the sealing key. */
  grantPublishKey(fn: ServiceFunction): void {
    fn.allow(['s3:GetObject', 's3:PutObject'], [this.bucket.arnForObjects(SEALING_KEY_OBJECT)]);
  }

  private allowOnPairs(fn: ServiceFunction, ...operations: string[]): void {
    const objects = this.bucket.arnForObjects(`${RESCUED_PREFIX}*`);
    fn.addEnvironment(VARIABLES.rescueBucket, this.bucket.bucketName);
    fn.allow(
      operations.map((operation) => `s3:${operation}`),
      [objects],
    );
    fn.addStatements(this.encryption.statementsFor('s3'));
    acknowledgePatterns(
      fn.ownRole,
      [objects],
      'Each version of each connection has an object of its own, and connections come and go.',
    );
  }
}
