// Preloaded into the CDK CLI: it waits a twentieth of what it means to, before it tries again and until it gives up.
const { setTimeout: patient } = globalThis;
globalThis.setTimeout = Object.assign((call, wait, ...rest) => patient(call, wait / 20, ...rest), patient);
