// Verifies and signs messages with mailauth, as many as are asked for, in one process.
//
// One JSON object comes in: {keys: {name: text}, now: ISO time, verify: [base64], sign: [options], strict: bool,
// more: [{name: text}]}, where `more` has further keys for each message. Signing options are mailauth's
// signatureData with `message` (base64) and `canonicalization`. Out comes {verify: [[{result, comment,
// domain}]], sign: [field], seconds}. No name is looked up anywhere but in `keys` and `more`. With `strict` it
// keeps to the RFCs where it would go with what senders do.
const { dkimVerify } = require('mailauth/lib/dkim/verify');
const { dkimSign } = require('mailauth/lib/dkim/sign');

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const asked = JSON.parse(Buffer.concat(chunks).toString());
  const curTime = new Date(asked.now);
  const resolverOf = keys => async (name, type) => {
    if (type === 'TXT' && Object.hasOwn(keys, name)) return [[keys[name]]];
    throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  };
  const told = { verify: [], sign: [], seconds: {} };

  let start = process.hrtime.bigint();
  for (const [number, message] of (asked.verify || []).entries()) {
    const resolver = resolverOf(asked.more ? { ...asked.keys, ...asked.more[number] } : asked.keys);
    const options = { resolver, curTime, strict: Boolean(asked.strict) };
    const { results } = await dkimVerify(Buffer.from(message, 'base64'), options);
    told.verify.push(
      results.map(one => ({
        result: one.status.result,
        comment: one.status.comment || '',
        domain: one.signingDomain || ''
      }))
    );
  }
  told.seconds.verify = Number(process.hrtime.bigint() - start) / 1e9;

  start = process.hrtime.bigint();
  for (const { message, canonicalization, headerList, ...signature } of asked.sign || []) {
    const { signatures, errors } = await dkimSign(Buffer.from(message, 'base64'), {
      canonicalization,
      headerList,
      signTime: curTime,
      signatureData: [signature]
    });
    if (errors.length) throw errors[0].err || new Error(JSON.stringify(errors));
    told.sign.push(signatures);
  }
  told.seconds.sign = Number(process.hrtime.bigint() - start) / 1e9;
  process.stdout.write(JSON.stringify(told));
}

main();
