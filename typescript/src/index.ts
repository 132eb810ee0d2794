export * from './phone-number';
export * from './phone-number-pool';
export * from './pool-interface';
export * from './properties';
